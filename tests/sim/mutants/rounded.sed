# A region that a write touches only in part is not marked.
# file: dm-netmirror/io.c
s/io->first = nm_region_of\(geo, sector\);/io->first = nm_region_of(geo, sector + 7);/
