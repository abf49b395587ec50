#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# links: loop rdma
# check: 6.12-loop
#
#   application -> r0-a (primary) <-- link --> r0-b
#                    |                           |
#                dm "leg-a"                  dm "leg-b"      linear, until it fails
#
# The leg of the primary fails as a whole, only for data, only for metadata; that of
# the secondary fails.  The application sees no error (I1, I8), the leg that comes
# back gets only what it missed (I3, I4), and the legs are the same in the end (I7).
# A leg that missed writes is not used before that (I5).

set -u
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"
# shellcheck source=dm-leg.sh
. "$top/tests/scripts/dm-leg.sh"

LAB_LEG_SIZE=128M
MIRROR_LEG_A=/dev/mapper/leg-a
MIRROR_LEG_B=/dev/mapper/leg-b
mirror_boot

writes_go_on()
{
	local before

	before=$(st a app_writes)
	lab_until 10 eval "[ \"\$(st a app_writes)\" -gt $((before + 100)) ]"
}

legs_work()
{
	st_is a health DA && st_is b health AD
}

ok "the disks are under dm" eval "leg a well && leg b well"
ok "the legs are made" mirror_create
ok "both nodes are up and connected" mirror_up
is "$(data_offset a)" 1048576 "the first MiB of a leg is metadata"
ok "a is promoted" ctl a promote
load a busy --rw=randrw --bsrange=4k-64k --iodepth=8 --size=48M --fsync=64 \
	--verify=crc32c --verify_backlog=64 --time_based --runtime=600
ok "the load has begun" lab_until 10 writes_go_on

# --- the primary's leg -------------------------------------------------------

for kind in dead deaf forgetful; do
	diag "--- the leg of a is $kind"
	ok "the leg of a fails ($kind)" leg a "$kind"
	# A write into a zone that is cold needs metadata.
	[ $kind != forgetful ] ||
		ok "a cold zone is written" on a 'dd if=/dev/urandom of=$DEV bs=4k count=1 seek=25000 oflag=direct'
	ok "a works with the peer's leg" lab_until 20 legs_work
	ok "writes go on" writes_go_on
	isnt "$(st b generation)" "$(st a generation)" "b has a new generation"
	ok "status says what to do" on a 'netmirrorctl status r0 --node a | grep "netmirrorctl attach r0"'
	ok "the leg is well again" leg a well
	copied=$(st a resync_regions)
	ok "a attaches it" ctl a attach
	ok "in sync" lab_until 60 in_sync
	copied=$(($(st a resync_regions) - copied))
	diag "$copied of $(st a total) regions were copied"
	at_most "$copied" 1000 "only what may differ was copied"
	ok "writes go on" writes_go_on
done

# Without a leg and without the peer: I/O waits for the peer.
ok "the leg of a fails" leg a deaf
ok "a works with the peer's leg" lab_until 20 legs_work
if [ "$LINK" = rdma ]; then
	link_cut
	ok "a looks for its peer" until_st 10 a link connecting
	sleep 2
	link_heal
	ok "a works with the peer's leg again" lab_until 20 legs_work
	ok "writes go on" writes_go_on
fi
# A demoted node has no use for it, and the other takes over.
lab_stop busy INT
lab_wait busy 20
like "$(cat "$(lab_out busy)")" "err= 0" "no read or write failed"
ok "a is demoted" lab_until 5 ctl a demote
ok "b is promoted" ctl b promote
ok "b reads its data" on b 'dd if=$DEV of=/dev/null bs=1M iflag=direct'
ok "b writes" on b 'dd if=/dev/urandom of=$DEV bs=1M count=4 oflag=direct'
status_is 5 "a is not promoted without a leg" ctl a promote --peer-fenced
ok "the leg is well again" leg a well
ok "a attaches it" ctl a attach
ok "in sync" lab_until 60 in_sync
ok "the legs are the same" same_legs

# --- the secondary's leg -----------------------------------------------------

ok "the leg of a, which is secondary now, fails" leg a deaf
ok "b writes" on b 'dd if=/dev/urandom of=$DEV bs=1M count=4 seek=8 oflag=direct'
ok "a is out" until_st 10 a link refused:leg-failed
is "$(st b health)" AD "b is alone"
ok "a goes down" ctl a down
ok "a is up" ctl a up
isnt "$(st a link)" connected "it still does not use the leg"
status_is 5 "nor is it promoted" ctl a promote --peer-fenced
ok "the leg is well again" leg a well
ok "b is out of reach" ctl b disconnect
ok "a attaches it" ctl a attach
status_is 5 "what it missed is not forgotten" ctl a promote --peer-fenced
ok "b is back" ctl b connect
ok "in sync" lab_until 60 in_sync
ok "the legs are the same" same_legs

# --- the last leg ------------------------------------------------------------

# b_is_last: b is secondary and has all the data, a is primary and has not
b_is_last()
{
	on b 'dmsetup message ${DEV##*/} 0 resync_rate 2048' &&
		on a 'dmsetup message ${DEV##*/} 0 resync_rate 2048' &&
		ctl a invalidate && until_st 15 b action resync &&
		ctl b demote && ctl a promote && until_st 15 a action recover
}

# Nobody goes on without it: as it comes back, so does the application.
ok "b has the only whole leg" b_is_last
load a waits --rw=randwrite --bs=4k --iodepth=4 --size=48M --fsync=64 \
	--time_based --runtime=600
ok "a writes" lab_until 10 writes_go_on
ok "the leg of b fails" leg b deaf
ok "b is out" until_st 10 b link refused:leg-failed
ok "the leg is well again" leg b well
ok "b attaches it" ctl b attach
ok "the resync goes on" until_st 15 a action recover
ok "writes go on" writes_go_on
lab_stop waits INT
lab_wait waits 20
like "$(cat "$(lab_out waits)")" "err= 0" "no write failed"

ok "a is demoted" lab_until 5 ctl a demote
ok "b is promoted" ctl b promote
on b 'dmsetup message ${DEV##*/} 0 resync_rate 0'
ok "in sync" lab_until 60 in_sync
ok "the legs are the same" same_legs

# --- no good leg is left -----------------------------------------------------

ok "the nodes part" ctl a disconnect
ok "b is alone" until_st 10 b health AD
ok "the leg of b fails" leg b deaf
nok "a write fails, at once" on b 'timeout 5 dd if=/dev/zero of=$DEV bs=4k count=1 oflag=direct; r=$?; [ $r = 124 ] || exit $r'
ok "the leg is well again" leg b well
ok "a write succeeds" on b 'dd if=/dev/zero of=$DEV bs=4k count=1 oflag=direct'
ok "the nodes meet" ctl a connect
ok "in sync" lab_until 60 in_sync
ok "the legs are the same" same_legs

# --- a flush that only the mirror asked for ----------------------------------

flushes()
{
	on b 'dd if=/dev/zero of=$DEV bs=4k count=1 oflag=direct conv=fsync'
}

# What is gone from its cache then was on no other leg.
ok "the nodes part" ctl a disconnect
ok "b is alone" until_st 10 b health AD
ok "b writes" on b 'dd if=/dev/urandom of=$DEV bs=1M count=4 oflag=direct'
ok "the leg of b cannot be flushed" leg b hasty
nok "so it is not demoted" ctl b demote
ok "the leg is well again" leg b well
copied=$(st b resync_regions)
ok "the nodes meet" ctl a connect
ok "what b may have lost is copied back" lab_until 60 on b \
	'dmesg | grep "what it may have lost is copied from the peer" &&
		dmesg | tail -n 20 | grep "resync finished"'
ok "in sync" lab_until 60 in_sync
copied=$(($(st b resync_regions) - copied))
at_most 128 "$copied" "all of it, there and back"
at_most "$copied" 300 "and no more"
nok "the next flush tells of it" flushes
ok "and the one after that does not" flushes
is "$(st b health)" AA "no leg is given up for it"
ok "the legs are the same" same_legs
mirror_done
