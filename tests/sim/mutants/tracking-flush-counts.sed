# The flush before a peer without a leg is served fails, and the next one counts.
# file: dm-netmirror/handshake.c
# options: --leg-errors
/^static int prepare_tracking/,/^}/ s/nm_cache_is_lost\(m\)/(void)0/
