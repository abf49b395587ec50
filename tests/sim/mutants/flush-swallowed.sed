# The peer answers a flush without flushing.
# file: dm-netmirror/server.c
s/REQ_OP_WRITE \| REQ_SYNC \| REQ_PREFLUSH/REQ_OP_WRITE | REQ_SYNC/
