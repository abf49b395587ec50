# A check does not wait for writes into the region.
# file: dm-netmirror/verify.c
/^static int verify_region/,/^}/ s/nm_job_(un)?lock\(job(, region)?\);/job->region = region;/
