# A checkpoint does not flush the local leg.
# file: dm-netmirror/zone.c
/^static int flush_legs/,/^}/ s/err = flush_local\(m\);/err = 0;/
