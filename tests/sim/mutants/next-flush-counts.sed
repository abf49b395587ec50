# The peer's next flush succeeds after one that has failed.
# file: dm-netmirror/server.c
# options: --leg-errors
/^static void answer/,/^}/ s/READ_ONCE\(m->cache_lost_now\)/false/
