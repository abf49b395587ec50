# Who leaves in a handshake passes for one that stood aside.
# file: dm-netmirror/control.c
/^static void stop_link/,/^}/ s/m->state\.link == NM_LINK_HANDSHAKE/false/
