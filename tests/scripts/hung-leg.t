#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# links: loop rdma
# check: none
#
#   application -> r0-a (primary) <-- link --> r0-b
#                    |                           |
#                dm "leg-a"                  dm "leg-b"      linear, delayed, suspended
#
# A leg is slow, and a leg answers nothing at all, first the peer's, then the
# primary's.  Status answers at once in any case, commands and writes end as soon as
# the leg does (I10), nothing is lost (I1) and the legs are the same (I7).

set -u
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"
# shellcheck source=dm-leg.sh
. "$top/tests/scripts/dm-leg.sh"

LAB_LEG_SIZE=64M
MIRROR_LEG_A=/dev/mapper/leg-a
MIRROR_LEG_B=/dev/mapper/leg-b
mirror_boot
# shellcheck source=journal.sh
. "$top/tests/scripts/journal.sh"

hangs()
{
	on "$1" "dmsetup suspend --noflush --nolockfs leg-$1"
}

answers()
{
	on "$1" "dmsetup resume leg-$1"
}

# Both nodes tell how they are, within 2 s.
status_answers()
{
	local node

	for node in a b; do
		on "$node" 'timeout 2 dmsetup status ${DEV##*/} && timeout 2 dmsetup table ${DEV##*/}' || return
	done
}

# writing_ends: as soon as what it waits for
writing_ends()
{
	writes_end
	like "$(cat "$(lab_out "writer$writers")")" $'[0-9]\n*$' "$1: no write failed"
}

well()
{
	ok "$1: connected" until_st 20 a link connected
	ok "$1: in sync" lab_until 30 in_sync
	ok "$1: the legs are the same" same_legs
	ok "$1: nothing is lost" nothing_is_lost "${2-a}"
}

ok "dm-delay is there" eval "on a 'modprobe dm-delay' && on b 'modprobe dm-delay'"
ok "the disks are under dm" eval "leg a well && leg b well"
ok "the legs are made" mirror_create
ok "both nodes are up and connected" mirror_up
ok "a is promoted" ctl a promote

# --- slow ----------------------------------------------------------------------

for node in b a; do
	name="$node is slow"
	ok "$name: a writes" writes a
	ok "$name: from now on" leg "$node" slow
	sleep 2
	ok "$name: status answers" status_answers
	is "$(st a link)/$(st a link_losses)" connected/0 "$name: the nodes stay together"
	ok "$name: no longer" leg "$node" well
	ok "$name: a goes on" more_is_written
	writing_ends "$name"
	well "$name"
done

# --- the peer's leg answers nothing ----------------------------------------------

name="b hangs"
ok "$name: a writes" writes a
ok "$name: from now on" hangs b
sleep 5
ok "$name: status answers" status_answers
diag "after 5 s: $(st a health) $(st a link), $(st a link_losses) losses"
ok "$name: no longer" answers b
ok "$name: a goes on" more_is_written
writing_ends "$name"
well "$name"

name="b hangs and is left"
ok "$name: a writes" writes a
ok "$name: from now on" hangs b
sleep 1
lab_bg "$(guest a)" leave "netmirrorctl disconnect r0 --node a --yes"
if [ "$LINK" = rdma ]; then
	ok "$name: a leaves it" lab_wait leave 10
	ok "$name: a goes on" more_is_written
fi
ok "$name: status answers" status_answers
ok "$name: no longer" answers b
ok "$name: a has left" lab_wait leave 10
ok "$name: a goes on" more_is_written
ok "$name: the nodes meet" ctl a connect
writing_ends "$name"
well "$name"

name="b hangs and goes down"
ok "$name: a writes" writes a
ok "$name: from now on" hangs b
sleep 1
lab_bg "$(guest b)" down "netmirrorctl down r0 --node b --yes"
sleep 3
[ "$LINK" = loop ] || ok "$name: a goes on" more_is_written
ok "$name: status answers" on b 'timeout 2 dmsetup status'
ok "$name: no longer" answers b
ok "$name: b is down" lab_wait down 10
ok "$name: a goes on" more_is_written
ok "$name: b is up" ctl b up
writing_ends "$name"
well "$name"

if [ "$LINK" = rdma ]; then
	name="b hangs and is cut off"
	ok "$name: a writes" writes a
	ok "$name: from now on" hangs b
	sleep 1
	lab_link_cut 1
	ok "$name: a notices" until_st 10 a health AD
	ok "$name: a goes on" more_is_written
	lab_link_heal 1
	sleep 3
	ok "$name: status answers" status_answers
	ok "$name: a still goes on" more_is_written
	is "$(st a health)" AD "$name: the nodes stay apart until the old session is over (I6)"
	ok "$name: no longer" answers b
	writing_ends "$name"
	well "$name"
fi

# --- the primary's leg answers nothing -------------------------------------------

name="a hangs"
ok "$name: a writes" writes a
ok "$name: from now on" hangs a
sleep 5
ok "$name: status answers" status_answers
diag "after 5 s: $(st a health) $(st a link), $(st a link_losses) losses"
lab_bg "$(guest a)" leave "netmirrorctl disconnect r0 --node a --yes"
sleep 2
ok "$name: status answers" status_answers
ok "$name: no longer" answers a
ok "$name: a has left" lab_wait leave 10
ok "$name: a goes on" more_is_written
ok "$name: the nodes meet" ctl a connect
writing_ends "$name"
well "$name"

# The application is stuck, and its machine is switched off: the peer has all.
if [ "$LINK" = rdma ]; then
	name="a hangs and dies"
	ok "$name: a writes" writes a
	ok "$name: from now on" hangs a
	sleep 2
	lab_power_cut 1
	writes_end
	ok "$name: b notices" until_st 10 b link connecting
	ok "$name: b is promoted" ctl b promote --peer-fenced
	ok "$name: nothing is lost" nothing_is_lost b
	ok "$name: a is back" eval "back 1 && leg a well && ctl a up && until_st 20 a link connected"
	well "$name" b
fi
mirror_done
