# After a reload of the table, no flush tells that data are lost.
# file: dm-netmirror/registry.c
# options: --leg-errors
/^static void take_place/,/^}/ s/old->flush_lost/false/
