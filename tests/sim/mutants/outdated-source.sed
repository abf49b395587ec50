# The only good leg stays outdated.
# file: dm-netmirror/handshake.c
# options: --leg-errors
/^static int prepare_source/,/^}/ s/nm_set_flags\(m, 0, NM_SBF_OUTDATED\)/0/
