# A full copy begins before everything is marked.
# file: dm-netmirror/handshake.c
/^static int prepare_source/,/^}/ s/err = nm_zone_mark_all\(m\);/nm_zone_mark(m, 0, m->marks.geo.nr_regions);/
