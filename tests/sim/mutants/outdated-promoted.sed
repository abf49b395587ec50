# An outdated leg is promoted.
# file: dm-netmirror/core/state.c
/^enum nm_refusal nm_may_promote/,/^}/ s/^\tif \(s->flags & NM_SBF_OUTDATED\)/\tif (0)/
