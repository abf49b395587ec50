# The end of a pull does not keep the source from ending it again.
# file: dm-netmirror/sync-end.c
/^static void send_sync_done/,/^}/ s/m->sync_done_sent = true;//
