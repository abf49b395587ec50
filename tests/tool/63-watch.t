#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# status --watch: what it shows of the I/O, on a terminal and elsewhere.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

gen=0123456789abcdef0123456789abcdef
good_config >etc/netmirror/r0.conf
leg a 32M
run create r0 --node alpha
run up r0 --node alpha
echo 7 >dm/r0/dev
mkdir -p sys/dev/block/253:7 sys/dev/block/254:16
echo "- 128 2 254:16 2048 rdma:[fd00::2]:7791/r0 0" >dm/r0/table

# io WRITES: so many since the beginning, of 64 KiB and 3 ms each, 1 ms on the leg; and
# a quarter of that in reads
io() {
	echo "$(($1 / 4)) 0 $(($1 * 32)) $(($1 / 2)) $1 0 $(($1 * 128)) $(($1 * 3)) 5 0 0" >sys/stat
	mv sys/stat sys/dev/block/253:7/stat
	echo "$(($1 / 4)) 0 $(($1 * 32)) $(($1 / 4)) $1 0 $(($1 * 128)) $1 1 0 0" >sys/stat
	mv sys/stat sys/dev/block/254:16/stat
}

# says STATUS
says() {
	echo "$1" >dm/r0/.new
	mv dm/r0/.new dm/r0/status
	echo "$((++event))" >dm/r0/event
}

# sees PATTERN: it is printed within a moment, while there is I/O
sees() {
	local i

	for ((i = 0; i < 1200; i++)); do
		grep -qE -- "$1" shown && break
		io $((writes += 100))
		sleep 0.1
	done
	grep -qE -- "$1" shown
	result $? "it shows $1"
}

event=0 writes=0
io 0
says "2 AA 256/256 idle 0 primary connected $gen 0 0 rw -"
"$NM_TOOL" status r0 --node alpha --watch >shown 2>err &
watcher=$!
sees '^[^ ]+ r0 healthy: both legs are the same'
sleep 0.5
io $((writes += 1000))
sleep 0.5
says "2 Aa 64/256 resync 0 primary connected $gen 0 0 rw -"
sees 'r0 resyncing: 25.0% in sync, 12 MiB to copy to beta; reads [0-9.]+ .iB/s, writes [0-9.]+ .iB/s$'
[ "$(wc -l <shown)" -le 3 ]
result $? "a line for a change only"
mv dm/r0 hidden
sees 'r0 down: not started on this node$'
mv hidden dm/r0
kill "$watcher"
wait "$watcher" 2>/dev/null
is "nothing was wrong" "$(cat err)" ""

says "2 AA 256/256 idle 0 primary connected $gen 0 0 rw -"
: >shown
script -qefc "'$NM_TOOL' status r0 --node alpha --watch" /dev/null >shown 2>err </dev/null &
watcher=$!
sees 'reads: [0-9.]+ .iB/s, [0-9]+/s, 2\.00 ms each \(local leg 1\.00 ms\)'
sees 'writes: [0-9.]+ .iB/s, [0-9]+/s, 3\.00 ms each \(local leg 1\.00 ms\); 5 in'
says "2 AD 256/256 idle 0 primary connecting $gen 0 0 rw -"
sees 'beta does not answer'
echo "0 0 0 0 0 0 0 0 0 0 0" >sys/dev/block/253:7/stat
kill "$watcher"
wait "$watcher" 2>/dev/null
exits 0 "one look has no rate" status r0 --node alpha
is "nor shows any" "$(grep -c 'in flight' out)" 0
done_testing
