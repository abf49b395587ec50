# Who gives up its changes keeps its generation while it is copied to.
# file: dm-netmirror/handshake.c
# options: --split-brain
/^static int prepare_target/,/^}/ s/nm_gens_find\(&m->peer_hello->gens, m->sb\.gens\.id\[0\]\) < 0/false/
