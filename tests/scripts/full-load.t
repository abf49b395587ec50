#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# links: rdma
# check: none
#
#   r0-a (primary, I/O) <-- link --> r0-b, both machines short of processor time
#
# A node that has much to do is not dead: with the default settings, LOAD_MINUTES (2)
# of writes and reads at full depth, while programs keep both processors busy, end
# with the session they began with (I10), and the legs are the same.

set -u
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"

minutes=${LOAD_MINUTES:-2}
seconds=$((minutes * 60))
MIRROR_OPTIONS=
LAB_BG_TIMEOUT=$((seconds + 300))
mirror_boot
ok "the legs are made" mirror_create
ok "both nodes are up and connected" mirror_up
ok "a is promoted" ctl a promote

for n in 1 2; do
	for i in 1 2 3; do
		lab_bg "$n" "busy$n$i" "timeout $seconds sha256sum /dev/zero"
	done
done
load a mixed --rw=randrw --bsrange=4k-128k --iodepth=32 --norandommap \
	--time_based --runtime="$seconds"
for ((i = 0; i < minutes; i++)); do
	sleep 60
	diag "minute $((i + 1)): losses $(st a link_losses) $(st b link_losses)," \
		"load $(lab_run 1 'cut -d" " -f1 /proc/loadavg')" \
		"$(lab_run 2 'cut -d" " -f1 /proc/loadavg')"
	[ "$(st a link_losses)$(st b link_losses)" = 00 ] || break
done
is "$(st a link_losses)" 0 "a has never lost its peer"
is "$(st b link_losses)" 0 "nor has b"
ok "no I/O failed" lab_wait mixed 240
ok "both legs are in sync" lab_until 60 in_sync
for n in 1 2; do
	for i in 1 2 3; do lab_stop "busy$n$i" KILL 2>/dev/null; done
done
ok "the legs are the same" same_legs
mirror_done
