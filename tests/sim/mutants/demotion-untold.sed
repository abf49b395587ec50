# A demotion during a handshake is not told to the peer.
# file: dm-netmirror/control.c
/Our HELLO told another role/,/;/ s/nm_session_refuse\(.*\);/(void)0;/
