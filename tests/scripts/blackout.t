#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# links: rdma
# check: 6.12-rdma
#
#   r0-a (primary) <-- link --> r0-b, in one guest (loop) or two (rdma)
#
# All power is cut under durable writes: while the nodes are connected, while the
# primary is alone, and during a resync.  When it is back, every write that was
# acknowledged is there, on whichever leg is promoted (I1, I2, I4), and the legs are
# the same (I3, I7).  The disks keep what was written to them, flushed or not.

set -u
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"

LAB_LEG_SIZE=256M
mirror_boot
# shellcheck source=journal.sh
. "$top/tests/scripts/journal.sh"
ok "the legs are made" mirror_create
ok "both nodes are up and connected" mirror_up
ok "a is promoted" ctl a promote

# lights_out NAME NODE: all power is cut under writes of a, and comes back; NODE is promoted
lights_out()
{
	local nodes="1 2" n

	[ "$LINK" = rdma ] || nodes=1
	for n in $nodes; do lab_power_cut "$n"; done
	writes_end
	[ "$LINK" = loop ] || lab_link_heal 1
	# shellcheck disable=SC2086 # a list
	ok "$1: the power is back" back $nodes
	ok "$1: both nodes are up and connected" mirror_up
	ok "$1: in sync" lab_until 60 in_sync
	ok "$1: the legs are the same" same_legs
	ok "$1: $2 is promoted" ctl "$2" promote
	ok "$1: nothing is lost" nothing_is_lost "$2"
	[ "$2" = a ] || ok "$1: a is primary again" eval "ctl b demote && ctl a promote"
}

ok "a writes" writes a
lights_out "connected" b

ok "a writes" writes a
link_cut
ok "a is alone" until_st 10 a health AD
ok "a goes on" more_is_written
lights_out "alone" b

# The link is healed just before, so that the resync is on its way.
ok "a is alone" eval "link_cut && until_st 10 a health AD"
ok "much is changed" on a 'dd if=/dev/urandom of=$DEV bs=1M count=100 seek=100 oflag=direct'
on a 'dmsetup message ${DEV##*/} 0 resync_rate 8000'
ok "a writes" writes a
link_heal
ok "a resync runs" until_st 15 a action resync
ok "a goes on" more_is_written
lights_out "resyncing" a
mirror_done
