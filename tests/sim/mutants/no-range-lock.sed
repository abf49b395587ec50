# A resync does not wait for writes into the region.
# file: dm-netmirror/resync.c
/^static void job_lock/,/^}/ s/if \(!granted\)/if (0)/
