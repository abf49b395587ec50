#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# links: loop rdma
# check: 6.1-loop 6.12-loop
#
#   r0-a (primary, under load) <-- link --> r0-b (being filled)
#
# The peer is lost in the middle of a resync, by an orderly end of the session and
# by silence, while application and resync wait for each other's regions.  The
# application goes on without an error (I10), the resync goes on later, and the
# legs converge (I3, I7).

set -u
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"

LAB_LEG_SIZE=64M
mirror_boot
ok "the legs are made" mirror_create
ok "both nodes are up and connected" mirror_up
ok "a is promoted" ctl a promote
# Zeroes would be copied in no time.
ok "a is full" on a 'dd if=/dev/urandom of=$DEV bs=1M count=60 oflag=direct'
load a busy --rw=randwrite --bs=4k --iodepth=64 --size=60M --norandommap --time_based --runtime=300

ok "the session ends during a resync, five times" on a 'name=${DEV##*/}
	for i in $(seq 5); do
		until dmsetup status $name | grep -q " connected "; do :; done
		dmsetup message $name 0 invalidate_remote && sleep $(printf 0.%03d $((i * 25))) &&
		dmsetup message $name 0 disconnect && dmsetup message $name 0 connect || exit
	done'

writes_go_on()
{
	local before

	before=$(st a app_writes)
	lab_until 4 eval "[ \"\$(st a app_writes)\" -gt $((before + 100)) ]"
}

if [ "$LINK" = rdma ]; then
	on a 'dmsetup message ${DEV##*/} 0 resync_rate 8192'
	for i in 1 2 3; do
		ok "connected ($i)" until_st 15 a link connected
		on a 'dmsetup message ${DEV##*/} 0 invalidate_remote'
		ok "a resync runs ($i)" until_st 10 a action resync
		sleep 1
		lab_freeze 2
		ok "the deaf peer is noticed ($i)" until_st 5 a health AD
		ok "writes go on ($i)" writes_go_on
		lab_thaw 2
	done
	on a 'dmsetup message ${DEV##*/} 0 resync_rate 0'
fi
lab_stop busy INT
lab_wait busy 20
like "$(cat "$(lab_out busy)")" "err= 0" "no write failed"
ok "in sync" lab_until 60 in_sync
ok "the legs are the same" same_legs
mirror_done
