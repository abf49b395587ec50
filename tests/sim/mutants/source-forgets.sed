# A source forgets what its cache has lost, too.
# file: dm-netmirror/handshake.c
# options: --leg-errors
/^static int prepare_source/,/^}/ s/^(\tint at, err = 0;)/\1\n\n\tm->cache_lost = false;/
