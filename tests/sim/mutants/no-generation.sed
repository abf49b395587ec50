# A write alone is acknowledged under the old generation.
# file: dm-netmirror/worker.c
/^int nm_go_alone/,/^}/ s/return nm_turn\(m, true, 0\)/return nm_set_flags(m, 0, NM_SBF_PEER_HAS_GEN)/
