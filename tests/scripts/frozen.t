#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# links: rdma
# check: 6.1-rdma
#
#   r0-a in guest 1 <-- link --> r0-b in guest 2, and one machine stands still
#
# A node that is frozen under load is taken for dead, and comes back in the middle of
# what it was doing.  The primary: the other one was promoted meanwhile, and nothing of
# the old session reaches its leg (I6); the old primary is found as a second one and
# then as split brain, and merges nothing (I5).  The secondary: what waited for it in
# the network arrives late, and the legs are the same all the same (I6, I7).  No write
# that was acknowledged by the node that went on is lost (I1).

set -u
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"

LAB_LEG_SIZE=64M
mirror_boot
# shellcheck source=journal.sh
. "$top/tests/scripts/journal.sh"
ok "the legs are made" mirror_create
ok "both nodes are up and connected" mirror_up
ok "a is promoted" ctl a promote

# Of the data on the disk of a node, as the host sees them.
leg_sum()
{
	tail -c +$(($(data_offset a) + 1)) "$(leg_file "$1")" | sha256sum
}

# --- the secondary -----------------------------------------------------------

# The short one is over before a has noticed it.
for seconds in 1 5; do
	ok "b, $seconds s: a writes" writes a
	load a bulk --rw=randwrite --bs=64k --iodepth=16 --size=20M --offset=30M \
		--time_based --runtime=300 --norandommap
	sleep 1
	lab_freeze 2
	sleep "$seconds"
	ok "b, $seconds s: a goes on, or has waited" eval "[ $seconds = 1 ] || more_is_written"
	lab_thaw 2
	ok "b, $seconds s: a goes on" more_is_written
	writes_end
	lab_stop bulk INT
	lab_wait bulk 20
	like "$(cat "$(lab_out bulk)")" "err= 0" "b, $seconds s: no write failed"
	ok "b, $seconds s: connected" until_st 20 a link connected
	ok "b, $seconds s: in sync" lab_until 30 in_sync
	ok "b, $seconds s: the legs are the same" same_legs
	ok "b, $seconds s: nothing is lost" nothing_is_lost a
done

# --- the primary -------------------------------------------------------------

ok "a writes" writes a
load a bulk --rw=randwrite --bs=64k --iodepth=16 --size=20M --offset=30M \
	--time_based --runtime=300 --norandommap
sleep 1
lab_freeze 1
writes_noted
frozen=$writers
ok "b notices" until_st 10 b link connecting
nok "b is not promoted without evidence" ctl b promote
ok "b is promoted with a wrong claim" ctl b promote --peer-fenced
ok "nothing is lost" nothing_is_lost b
ok "b writes" writes b
ok "b goes on" more_is_written
writes_end
before=$(leg_sum b)
lab_thaw 1
ok "a sees a second primary" until_st 20 a link refused:two-primaries
ok "so does b" until_st 10 b link refused:two-primaries
is "$(leg_sum b)" "$before" "nothing of the old session has reached the leg of b"
ok "nothing is lost on b" nothing_is_lost b

lab_stop "writer$frozen"
lab_wait "writer$frozen" 20
lab_stop bulk INT
lab_wait bulk 20
ok "a is demoted" lab_until 10 ctl a demote
ok "the nodes meet" eval "ctl b connect && ctl a connect"
ok "a has split from b" until_st 10 a link refused:split-brain
ok "so has b" until_st 10 b link refused:split-brain
is "$(leg_sum b)" "$before" "nothing is merged"
nok "a is not promoted" ctl a promote
ok "a gives way" ctl a invalidate
ok "the nodes meet" eval "ctl b connect && ctl a connect"
ok "in sync" lab_until 30 in_sync
is "$(leg_sum b)" "$before" "the data of b have won"
ok "the legs are the same" same_legs
ok "nothing is lost" nothing_is_lost b
mirror_done
