# A flush counts while what the leg has lost is still to become dirty.
# file: dm-netmirror/session.c
# options: --leg-errors
/^void nm_session_cache_lost/,/^}/ s/^(\tif \(nm_set_flags)/\tm->cache_lost = false;\n\1/
