# A leg that cannot zero by itself forgets FUA.
# file: dm-netmirror/server.c
s/if \(!err && msg->flags & NM_WF_FUA\)/if (0)/
