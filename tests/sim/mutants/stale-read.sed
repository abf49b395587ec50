# A target that is primary reads regions that it has not got yet.
# file: dm-netmirror/core/state.c
s/mode & NM_MODE_LOCAL && !\(mode & NM_MODE_STALE && dirty\)/mode \& NM_MODE_LOCAL/
