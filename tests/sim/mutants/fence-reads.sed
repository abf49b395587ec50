# A primary that must hold its I/O reads from its leg.
# file: dm-netmirror/core/state.c
/^unsigned int nm_mode/,/^}/ s/leg_readable\(s\) && !nm_needs_fencing\(s\)/leg_readable(s)/
