# A checkpoint that lost the peer half way counts.
# file: dm-netmirror/zone.c
s/both \? nm_marks_epoch_end : nm_marks_epoch_abort/both || 1 ? nm_marks_epoch_end : nm_marks_epoch_abort/
