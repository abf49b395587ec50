#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# links: loop rdma
# check: 6.12-loop
#
#   applications -> r0-a (primary) <-- link --> r0-b
#
# Discards and zeroes race with writes of the same sectors, through the page cache and
# past it, and pages are changed by their owner while they are being written.  With the
# page cache the legs are the same at every quiet moment (I7): pages stand still while
# they are written.  Who scribbles on the buffer of a direct write gets one of the two
# on either leg; the next write mends it.

set -u
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"

LAB_LEG_SIZE=64M
mirror_boot
ok "the legs are made" mirror_create
ok "both nodes are up and connected" mirror_up
ok "a is promoted" ctl a promote
is "$(on a 'cat /sys/block/$(basename $(readlink -f $DEV))/queue/stable_writes')" 1 \
	"pages have to be stable"

# --- discards ------------------------------------------------------------------

# Discards and zeroes of what is being written, past the page cache and through it.  The
# kernel refuses a discard of what is dirty in the cache at that moment.
race()
{
	on a 'end=$(($(date +%s) + 8)) good=0
	fio --filename=$DEV --time_based --runtime=8 --size=16M --norandommap \
		--name=direct --rw=randwrite --bsrange=4k-64k --direct=1 --ioengine=libaio --iodepth=8 \
		--name=buffered --rw=randwrite --bsrange=4k-64k --fsync=16 >/run/fio & fio=$!
	while [ $(date +%s) -lt $end ]; do
		for how in "" -z; do
			blkdiscard $how -o $((RANDOM % 200 * 65536)) -l $(((RANDOM % 16 + 1) * 4096)) $DEV &&
				good=$((good + 1))
		done
	done
	wait $fio || { cat /run/fio; exit 1; }
	sync
	echo "$good discards and zeroes"
	[ $good -ge 20 ]'
}

ok "discards race with writes" race
ok "the legs are the same" same_legs

# --- pages that change -----------------------------------------------------------

ok "a mapping of the device is scribbled on while it is written" on a \
	'/nm/testtools/scribble mapped $DEV 6'
ok "the legs are the same" same_legs

ok "the buffer of direct writes is scribbled on" on a '/nm/testtools/scribble direct $DEV 6'
same_legs >/dev/null && diag "scribbled direct writes: the legs are the same" ||
	diag "scribbled direct writes: the legs differ in $(cmp -l -i "$(data_offset a)" \
		"$(leg_file a)" "$(leg_file b)" | awk '{ b[int($1 / 4096)] } END { print length(b) }') blocks"
ok "what was scribbled on is written again" on a 'dd if=/dev/zero of=$DEV bs=1M count=8 oflag=direct'
ok "the legs are the same" same_legs
is "$(st a health)/$(st b health)" AA/AA "both legs are in use"
is "$(st a link_losses)" 0 "the link was never lost"
mirror_done
