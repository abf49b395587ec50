# A torn mark block reads as clean.
# file: dm-netmirror/meta.c
s/if \(nm_mark_block_load\(&m->marks, err \? NULL : disk, i\)\)/if (!err \&\& nm_mark_block_load(\&m->marks, disk, i))/
