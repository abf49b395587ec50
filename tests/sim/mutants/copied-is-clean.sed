# What was pushed to a leg counts as clean before either leg was flushed.
# file: dm-netmirror/server.c
s/nm_marks_copied\(&m->marks, region\)/nm_marks_clear(\&m->marks, region)/
