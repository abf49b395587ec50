# Writes go on while the marks are exchanged.
# file: dm-netmirror/session.c
/^void nm_session_up/,/^}/ s/nm_io_freeze\(m\);/(void)0;/
