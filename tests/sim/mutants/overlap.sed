# Overlapping writes are not serialised.
# file: dm-netmirror/range.c
/^bool nm_range_lock/,/^}/ s/range->nr_blocking\+\+;/;/
