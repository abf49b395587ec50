# The data of a primary are given up after a split brain.
# file: dm-netmirror/core/verdict.c
# options: --split-brain
s/if \(loser->role == NM_PRIMARY\)/if (0)/
s/target->role == NM_PRIMARY && consistent\(target\)/false/
