# The nodes do not tell each other their marks.
# file: dm-netmirror/handshake.c
/^static void get_ready/,/^}/ s/err = send_marks\(m\);/err = 0;/
