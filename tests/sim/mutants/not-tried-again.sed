# A load that ran out of memory keeps its place in the registry.
# file: dm-netmirror/mirror.c
/^out_leave:/,/^}/ s/nm_registry_leave\(m\);/(void)0;/
