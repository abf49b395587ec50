#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# links: rdma
# check: none
#
#   guest 1: node1, r0 <-- rdma, corosync --> guest 2: node2, r0
#
# FAILOVERS (20) deaths of the primary's node in a row. Each time the other node is
# promoted after it was fenced, reads back all that was ever acknowledged, and goes on
# (I1, I5); the dead node comes back, is filled, and is the next to take over.

set -u
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"
# shellcheck source=cluster.sh
. "$top/tests/scripts/cluster.sh"

cluster_boot

failover()
{
	local from to

	from=$(promoted_on)
	to=$(the_other "$from")
	lab_power_cut "$from"
	wait_for promoted_is "$to" && wait_for writer_is_on "$to" && more_from_writer &&
		nothing_lost && echo "I/O paused for $(pause_of_failover) ms" >>"$LAB_DIR/pauses" &&
		rejoin "$from" && wait_for well
}

ok "the cluster is configured" mirror_and_writer
ok "a node is promoted, both legs are in sync" wait_for well
ok "the writer writes" more_from_writer
for ((i = 1; i <= ${FAILOVERS:-20}; i++)); do
	ok "failover $i" failover || break
	diag "$(tail -n 1 "$LAB_DIR/pauses")"
done
is "$(wc -l <"$(lab_host)/fenced")" "${FAILOVERS:-20}" "each was a fencing"
mirror_done
