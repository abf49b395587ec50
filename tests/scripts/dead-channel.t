#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# links: rdma
# check: 6.1-rdma
#
#   guest 1: r0-a, primary <-- rdma, all queue pairs but the first are cut --> guest 2: r0-b
#
# One path of several breaks: signs of life come through, requests do not. The primary
# parts from its peer after 5 s, long before the queue pairs give up or a request takes
# too long, and writes alone; they meet again over new queue pairs (I10), and nothing
# that was acknowledged is missing (I1).

set -u
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"

# data_qps: numbers of node b's queue pairs that are not the control channel's, which
# was made first
data_qps()
{
	on b 'rdma -j resource show qp' | jq -r '[.[] | select(.type == "RC") | .lqpn] | sort | .[1:][]'
}

# The destination is in bytes 5 to 7 of the header that follows UDP's.
cut_data()
{
	local qps

	qps=$(data_qps | paste -sd ,)
	[ -n "$qps" ] && on b "nft -f - <<-END
		add table inet lab
		add chain inet lab in { type filter hook input priority 0; }
		add rule inet lab in udp dport 4791 @th,104,24 { $qps } counter drop
	END"
}

dropped()
{
	[ "$(on b 'nft -j list table inet lab' | jq '[.. | .counter? | objects | .packets] | add')" -gt 0 ]
}

# Which of the two sees it first is open: b waits for what it reads of a's memory, a for
# the acknowledgements of its requests.
stuck_seen()
{
	on a dmesg | grep "a channel gets nothing through" ||
		on b dmesg | grep "a channel gets nothing through"
}

mirror_boot
# shellcheck source=journal.sh
. "$top/tests/scripts/journal.sh"
ok "the legs are made" mirror_create
ok "the nodes are connected" mirror_up
ok "a is promoted" ctl a promote
ok "a writes" writes a
ok "requests do not come through any more" cut_data
ok "a parts from b" until_st 15 a link_losses 1
ok "for that reason" stuck_seen
ok "a goes on" more_is_written
ok "they meet again" until_st 30 a health AA
ok "by other queue pairs" dropped
ok "a goes on" more_is_written
writes_end
at_most "$(longest_pause)" 9000 "no write waited until a request's time had run out"
diag "the longest took $(longest_pause) ms"
ok "nothing is lost" nothing_is_lost a
ok "the legs are the same" lab_until 20 same_legs
mirror_done
