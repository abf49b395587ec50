# A flush counts, although one before it has failed and lost what was in the cache.
# file: dm-netmirror/zone.c
# options: --leg-errors
/^static int flush_legs/,/^}/ s/!READ_ONCE\(m->cache_lost\)/true/
