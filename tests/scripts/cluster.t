#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# links: rdma
# check: none
#
#   guest 1: node1, r0 <-- rdma, corosync --> guest 2: node2, r0
#
# Pacemaker runs the mirror, and a writer on it. The primary's node dies: it is fenced
# before the other one is promoted, and nothing that was acknowledged is missing there
# (I1, I5). It comes back, and gets what it missed. Then RDMA breaks, and nothing else:
# nobody is fenced, the other node is barred from promotion before the writer goes on,
# and barred no more when the legs are in sync again.

set -u
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"
# shellcheck source=cluster.sh
. "$top/tests/scripts/cluster.sh"

cluster_boot

ok "the cluster is configured" mirror_and_writer
ok "a node is promoted, both legs are in sync" wait_for well
first=$(promoted_on)
[ -n "$first" ] || bail_out "no node is promoted"
second=$(the_other "$first")
ok "the writer runs there" wait_for writer_is_on "$first"
ok "and writes" more_from_writer

# --- the primary dies --------------------------------------------------------------

lab_power_cut "$first"
ok "the other node is promoted" wait_for promoted_is "$second"
is "$(cluster_fenced "node$first")" 1 "after the first was fenced"
ok "which is barred" barred
ok "the writer runs" wait_for writer_is_on "$second"
ok "and writes" more_from_writer
ok "nothing is lost" nothing_lost
diag "I/O paused for $(pause_of_failover) ms"
ok "the first node comes back" rejoin "$first"
ok "both legs are in sync, nobody is barred" wait_for well
is "$(promoted_on)" "$second" "nothing was moved back"

# --- RDMA breaks -------------------------------------------------------------------

ok "RDMA is cut" rdma_cut
ok "the other node is barred" wait_for barred
ok "the writer goes on" more_from_writer
diag "the longest write took $(longest_wait) ms"
ok "RDMA is healed" rdma_heal
ok "both legs are in sync, nobody is barred" wait_for well
is "$(promoted_on)" "$second" "nothing was moved"
is "$(wc -l <"$(lab_host)/fenced")" 1 "nobody was fenced"
ok "nothing is lost" nothing_lost
mirror_done
