# A table that is refused takes the role of the node with it.
# file: dm-netmirror/mirror.c
s/^\t+nm_registry_keep\(m\);//
