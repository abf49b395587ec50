# A primary that must hold its I/O acknowledges what its leg has.
# file: dm-netmirror/core/state.c
/^bool nm_may_write_alone/,/^}/ s/!nm_needs_fencing\(s\)/true/
