# A resync does not wait for writes into the region.
# file: dm-netmirror/job.c
/^void nm_job_lock/,/^}/ s/if \(!granted\)/if (0)/
