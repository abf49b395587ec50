# Metadata are written without FUA.
# file: dm-netmirror/meta.c
s/REQ_OP_WRITE \| REQ_SYNC \| REQ_META \| REQ_FUA/REQ_OP_WRITE | REQ_SYNC | REQ_META/
