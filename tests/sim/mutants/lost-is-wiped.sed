# A source wipes the marks of what its cache has lost at the end of a resync.
# file: dm-netmirror/sync-end.c
# options: --leg-errors
/^static int settle/,/^}/ s/ && !READ_ONCE\(m->cache_lost\)//
