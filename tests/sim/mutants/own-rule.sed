# Each node goes by its own rule.
# file: dm-netmirror/core/verdict.c
# options: --split-brain
s/if \(!r && me->split != peer->split\)/if (0)/
