# What a superblock that could not be written says holds in memory.
# file: dm-netmirror/meta.c
# options: --leg-errors
/^int nm_meta_change_sb/,/^}/ s/m->sb = \*before;/(void)before;/
