# Who takes back that the peer is fenced is told so, and nothing is held.
# file: dm-netmirror/control.c
/^static void run_vouch/,/^}/ s/m->state\.fenced = fenced;/m->state.fenced |= fenced;/
