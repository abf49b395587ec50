# Equal generations are taken for equal data, marks are dropped.
# file: dm-netmirror/core/verdict.c
/^static struct nm_decision same_generation/,/^}/ s/if \(!me->nr_dirty && !peer->nr_dirty\)/if (1)/
