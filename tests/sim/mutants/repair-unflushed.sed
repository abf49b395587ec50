# What a repair has written counts as clean before the peer's leg was flushed.
# file: dm-netmirror/job.c
# options: --damage
s/nm_marks_copied\(&m->marks, job->region\)/nm_marks_clear(\&m->marks, job->region)/
