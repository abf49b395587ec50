#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# links: rdma
# check: none
#
#   r0-a (primary, under load) <-- netem, cuts --> r0-b
#
# A bad network: packets that are late, lost, overtaken, doubled or damaged, a link
# that flaps, and one that works in one direction only.  The application goes on
# without an error (I10), no acknowledged write is lost (I1), and the legs are the
# same when the network is well again (I3, I6, I7).

set -u
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"

LAB_LEG_SIZE=64M
mirror_boot
# shellcheck source=journal.sh
. "$top/tests/scripts/journal.sh"
# shellcheck source=disturb.sh
. "$top/tests/scripts/disturb.sh"
ok "the network can be disturbed" disturb_ready a b
ok "the legs are made" mirror_create
ok "both nodes are up and connected" mirror_up
ok "a is promoted" ctl a promote

# well NAME: connected and in sync, with nothing lost
well()
{
	ok "$1: connected" until_st 20 a link connected
	ok "$1: in sync" lab_until 60 in_sync
	writes_end
	like "$(cat "$(lab_out "writer$writers")")" $'[0-9]\n*$' "$1: no write failed"
	ok "$1: the legs are the same" same_legs
	ok "$1: nothing is lost" nothing_is_lost a
}

# --- bad packets -------------------------------------------------------------

for how in "delay 20ms 10ms" "loss 1%" "loss 5%" "delay 5ms reorder 75% 50%" \
		"duplicate 5%" "corrupt 1%"; do
	losses=$(st a link_losses)
	ok "$how: a writes" writes a
	ok "$how: begins" disturb "$how"
	sleep 3
	# A packet that is lost or overtaken costs a timeout of the queue pair: 2.1 s on
	# Linux 6.1, 0.5 s on 6.12.
	case $how in
	"delay 20ms"* | "loss 5%")	much=5 ;;
	*)				much=200 ;;
	esac
	ok "$how: a goes on" more_is_written "$much"
	losses=$(($(st a link_losses) - losses))
	diag "the longest write took $(longest_pause) ms; the link was lost $losses times"
	case $how in
	*1%)	is "$losses" 0 "$how: the peer is not given up" ;;
	esac
	ok "$how: ends" calm
	well "$how"
done

# --- a link that flaps -------------------------------------------------------

ok "flaps: a writes" writes a
for ((i = 0; i < 10; i++)); do
	lab_link_cut 1
	sleep "$((RANDOM % 3)).$((RANDOM % 9 + 1))"
	lab_link_heal 1
	sleep "$((RANDOM % 2)).$((RANDOM % 9 + 1))"
done
ok "flaps: a goes on" more_is_written
diag "the link was lost $(st a link_losses) times by now"
well "flaps"

# --- one direction -----------------------------------------------------------

for n in 1 2; do
	for way in in out; do
		name="nothing comes $way of guest $n"
		[ $way = out ] || name="nothing comes into guest $n"
		ok "$name: a writes" writes a
		lab_link_cut_oneway "$n" "$way"
		ok "$name: a notices" until_st 10 a health AD
		ok "$name: b notices" until_st 10 b link connecting
		ok "$name: a goes on" more_is_written
		lab_link_heal "$n"
		well "$name"
	done
done
mirror_done
