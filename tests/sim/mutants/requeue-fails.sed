# What is held fails at a suspend, though nobody asked for a flush.
# file: dm-netmirror/hold.c
/^static void hold_or_fail/,/^}/ s/if \(m->suspending && dm_noflush_suspending\(m->ti\)\)/if (0)/
