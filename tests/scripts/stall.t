#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# links: rdma
# check: 6.12-rdma
#
#   r0-a (primary) <-- link --> r0-b, killed with its guest
#
# How long the application waits when the peer dies: with the default settings no
# write takes more than 0.6 s of the guest's clock (I10), in any of STALL_KILLS (3)
# kills, and none is lost (I1).  stall-bench.sh measures others in the same way.

set -u
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"

LAB_LEG_SIZE=64M
MIRROR_OPTIONS=
mirror_boot
# shellcheck source=journal.sh
. "$top/tests/scripts/journal.sh"
ok "the legs are made" mirror_create
ok "both nodes are up and connected" mirror_up
ok "a is promoted" ctl a promote

worst=0
for ((i = 1; i <= ${STALL_KILLS:-3}; i++)); do
	[ "$i" = 1 ] || ok "b is back ($i)" eval \
		"back 2 && ctl b up && until_st 20 b link connected && lab_until 30 in_sync"
	ok "a writes ($i)" writes a
	quiet=$(longest_pause)
	# Anywhere between two heartbeats.
	sleep "0.$((RANDOM % 900 + 100))"
	lab_power_cut 2
	ok "a goes on ($i)" more_is_written
	writes_end
	pause=$(longest_pause)
	diag "the longest write took $pause ms, before the kill $quiet ms"
	at_most "$pause" 600 "no write takes more than 600 ms ($i)"
	[ "$pause" -le "$worst" ] || worst=$pause
done
diag "longest pause of $((i - 1)) kills: $worst ms"
ok "nothing is lost" nothing_is_lost a
mirror_done
