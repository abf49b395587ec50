# What the cache has lost is still lost when it was copied.
# file: dm-netmirror/handshake.c
# options: --leg-errors
/^static int prepare_target/,/^}/ s/WRITE_ONCE\(m->cache_lost, false\)/(void)0/
