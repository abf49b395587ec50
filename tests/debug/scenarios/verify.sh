#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Checks and repairs under load; b's leg is damaged; all that ends a run ends one.

# shellcheck source=../lib.sh
. "$(dirname "$(readlink -f "$0")")/../lib.sh"

# damage BLOCK...: of b's leg. Where it is repaired only after the faults, nobody knows
# which legs are the same.
damage()
{
	local block

	((faulty)) && return
	for block in "$@"; do
		dd if=/dev/urandom of=/dev/mapper/leg-b bs=4k count=1 oflag=direct \
			conv=notrunc status=none seek=$((DATA / 8 + block)) || return
	done
}

# verify WORD: one whole run
verify()
{
	msg a "$1" && until_true st_is a verify_left 0
}

# begin WORD: a slow one
begin()
{
	msg a resync_rate 4000 && msg a "$1"
}

start
churn a
try "a check is made" verify check
try "it finds nothing" eval '[[ $(dmsetup status r0-a) = *" idle 0 primary "* ]]'
for i in 1 2 3; do
	damage 0 1 100 1000 $((i * 500)) 4095
	try "a repair is made ($i)" verify repair
	damage $(seq 0 200 4000)
	try "another one begins" begin repair
	sleep 0.3
	case $i in
	1) try "b leaves" msg b disconnect
	   try "b comes back" msg b connect ;;
	2) try "a is suspended" dm a suspend
	   try "a is resumed" dm a resume ;;
	3) try "it ends" msg a idle ;;
	esac
	try "connected" until_st a link connected
	try "in sync" until_true in_sync
	msg a resync_rate 0
done
try "the last repair is made" verify repair
churn_done a
try "a check is made" verify check
try "it finds nothing" eval '[[ $(dmsetup status r0-a) = *" idle 0 primary "* ]]'
try "a is demoted" msg a demote
try "a check begins" begin check
try "b is promoted" msg b promote
try "b begins one as well" msg b check
try "b is demoted" msg b demote
finish
