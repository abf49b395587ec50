# Who writes again after a handshake that broke is the younger one.
# file: dm-netmirror/worker.c
# options: --split-brain
s/if \(!m->sb\.alone_since\)/if (m->sb.flags \& NM_SBF_PEER_HAS_GEN)/
