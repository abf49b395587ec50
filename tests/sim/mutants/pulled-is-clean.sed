# A source forgets what its cache has lost as soon as the target has it.
# file: dm-netmirror/zone.c
# options: --leg-errors
/^void nm_zone_synced/,/^}/ s/READ_ONCE\(m->cache_lost\)/false/
