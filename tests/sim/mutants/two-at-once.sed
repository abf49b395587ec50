# Two nodes that ask at once both become primary.
# file: dm-netmirror/session.c
s/m->promoting && m->sb\.node_id == 0/false/
