# What is pushed back at a suspend counts as done.
# file: dm-netmirror/hold.c
s/status = BLK_STS_DM_REQUEUE;/status = BLK_STS_OK;/
