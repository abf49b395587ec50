# The mark of a repair is not made durable.
# file: dm-netmirror/verify.c
# options: --damage
s/err = nm_meta_write_marks\(m, nm_mark_block_of\(&m->marks, zone\)\);/err = zone >> 31;/
