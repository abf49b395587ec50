# A resync ends although a region became dirty at its end.
# file: dm-netmirror/sync-end.c
# options: --leg-errors
/^static void got_sync_taken/,/^}/ s/if \(nm_marks_count\(&m->marks\)\)/if (0)/
