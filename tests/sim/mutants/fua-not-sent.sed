# FUA is not passed on to the peer.
# file: dm-netmirror/io.c
s/io->req\.flags \|= NM_WF_FUA;/(void)0;/
