#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# links: loop
# check: 6.1-loop
#
#   guest 1: r0-a on the disk "leg" <-- loop --> r0-b on the disk "other"
#
# Legs that are not what they were when the mirror went down: older metadata, one
# older copy of the superblock, a whole leg from a backup, the legs of the nodes
# exchanged.  Old data are never taken for new (I5), whatever is copied goes in the
# right direction, and the legs are the same in the end (I7).

set -u
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"

LAB_LEG_SIZE=64M
mirror_boot
ok "the legs are made" mirror_create
ok "both nodes are up and connected" mirror_up
ok "a is promoted" ctl a promote

write_on()
{
	on "$1" "dd if=/dev/urandom of=\$DEV bs=64k count=$2 seek=$3 oflag=direct status=none"
}

sum()
{
	on "$1" 'dd if=$DEV bs=1M iflag=direct status=none | sha256sum'
}

# keep NODE, restore NODE BLOCKS [FROM]: 4 KiB blocks of the leg, as they were
keep()
{
	cp --sparse=always "$(leg_file "$1")" "$LAB_DIR/kept.$1"
}

restore()
{
	dd if="$LAB_DIR/kept.$1" of="$(leg_file "$1")" bs=4k count="$2" seek="${3-0}" \
		skip="${3-0}" conv=notrunc status=none
}

metadata=256
whole=16384

# b_misses: a writes alone, and b gets it later
b_misses()
{
	ctl a disconnect && until_st 10 a health AD && write_on a 20 100 &&
		ctl a connect && until_st 10 a link connected && lab_until 20 in_sync
}

down()
{
	ctl a down && ctl b down
}

# returns NAME SUM: both nodes come back, a has the data it had
returns()
{
	st_is a link connected || ok "$1: both nodes are up and connected" mirror_up
	ok "$1: in sync" lab_until 30 in_sync
	diag "$1: $(($(st a resync_regions) + $(st b resync_regions))) of $(st a total) regions were copied"
	ok "$1: the legs are the same" same_legs
	ok "$1: a is promoted" ctl a promote
	is "$(sum a)" "$2" "$1: nothing is lost"
}

ok "something is written" write_on a 200 0

name="metadata of the same generation"
keep b
ok "$name: a writes" write_on a 20 300
expected=$(sum a)
ok "$name: both go down" down
restore b "$metadata"
returns "$name" "$expected"

name="metadata of an older generation"
keep b
ok "$name: b misses something and gets it" b_misses
expected=$(sum a)
ok "$name: both go down" down
restore b "$metadata"
returns "$name" "$expected"

name="one copy of the superblock of an older generation"
keep b
ok "$name: b misses something and gets it" b_misses
expected=$(sum a)
ok "$name: both go down" down
restore b 1 0
returns "$name" "$expected"

name="a whole leg of an older generation"
keep b
ok "$name: b misses something and gets it" b_misses
ok "$name: a writes" write_on a 20 500
expected=$(sum a)
ok "$name: both go down" down
restore b "$whole"
returns "$name" "$expected"

name="a whole leg of the same generation, two meetings ago"
keep b
ok "$name: a writes" write_on a 20 300
for i in first second; do
	ok "$name: both go down" down
	ok "$name: the $i meeting" mirror_up
done
ok "$name: a is promoted" ctl a promote
expected=$(sum a)
ok "$name: both go down" down
restore b "$whole"
returns "$name" "$expected"

# Within two meetings nothing says that it is old: who restores it invalidates it.
name="a whole leg of the same generation"
keep b
ok "$name: a writes" write_on a 20 300
expected=$(sum a)
ok "$name: both go down" down
restore b "$whole"
ok "$name: both nodes are up and connected" mirror_up
ok "$name: it is invalidated" ctl b invalidate
returns "$name" "$expected"

# Who a node is, its leg says.
name="the legs exchanged"
ok "$name: b misses something" eval "ctl a disconnect && until_st 10 a health AD && write_on a 20 700"
expected=$(sum a)
table_a=$(on a 'dmsetup table $DEV') table_b=$(on b 'dmsetup table $DEV')
leg_a=$(awk '{ print $7 }' <<<"$table_a") leg_b=$(awk '{ print $7 }' <<<"$table_b")
ok "$name: both go down" down
ok "$name: both are up" on a "dmsetup create r0-a --table '${table_a/$leg_a/$leg_b}' &&
	dmsetup create r0-b --table '${table_b/$leg_b/$leg_a}'"
ok "$name: connected" until_st 15 a link connected
ok "$name: in sync" lab_until 30 in_sync
ok "$name: the legs are the same" same_legs
is "$(st a dirty_regions)" 0 "$name: nothing is left to copy"
ok "$name: a is promoted" on a 'dmsetup message r0-a 0 promote'
is "$(sum a)" "$expected" "$name: what b had missed is there"
mirror_done
