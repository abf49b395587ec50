# After a reload of the table, what the leg had lost with its cache counts as flushed.
# file: dm-netmirror/registry.c
# options: --leg-errors
/^static void take_place/,/^}/ s/old->cache_lost/false/
