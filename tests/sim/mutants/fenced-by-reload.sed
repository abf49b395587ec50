# A reload takes the peer for fenced.
# file: dm-netmirror/registry.c
s/m->state\.fenced = old->state\.fenced;/m->state.fenced = true;/
