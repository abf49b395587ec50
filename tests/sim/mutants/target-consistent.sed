# A target calls itself consistent while it is copied to.
# file: dm-netmirror/handshake.c
/^static int prepare_target/,/^}/ s/m->sb\.flags &= ~NM_SBF_CONSISTENT;/(void)0;/
