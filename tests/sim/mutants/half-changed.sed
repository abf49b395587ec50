# A superblock that one copy did not take stays on the other one.
# file: dm-netmirror/meta.c
# options: --leg-errors
/^int nm_meta_change_sb/,/^}/ s/take_back\(m, nr\);/(void)take_back;/
