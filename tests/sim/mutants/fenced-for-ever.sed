# A peer that was out counts as out after it has agreed to be in sync.
# file: dm-netmirror/handshake.c
/^static void get_ready/,/^}/ s/m->state\.fenced = false;/(void)0;/
