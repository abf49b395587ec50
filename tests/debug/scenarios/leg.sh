#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A leg fails under load, is attached again, and fails during the resync.

# shellcheck source=../lib.sh
. "$(dirname "$(readlink -f "$0")")/../lib.sh"

# Where a disk fails by itself the other one must not, or no good leg may be left.
case ${FAULTS-} in
disk-?) nodes=${FAULTS#disk-} ;;
*) nodes="b a" ;;
esac

start
churn a
for n in $nodes; do
	try "the leg of $n fails" bad_leg "$n"
	sleep 0.5
	try "writes flow" writes_flow
	try "the leg of $n is good again" good_leg "$n"
	try "and attached" msg "$n" attach
	try "connected" until_st a link connected
	try "in sync" until_true in_sync
	try "the leg of $n is to be filled" msg "$n" resync_rate 2000
	try "the leg of $n fails" bad_leg "$n"
	sleep 0.2
	try "the leg of $n is good again" good_leg "$n"
	try "and attached" msg "$n" attach
	sleep 0.1
	try "the leg of $n takes no writes" readonly_leg "$n"
	sleep 0.2
	try "the leg of $n is good again" good_leg "$n"
	try "and attached" msg "$n" attach
	try "in sync" until_true in_sync
	try "and fast" msg "$n" resync_rate 0
done
try "the leg of $n fails" bad_leg "$n"
sleep 0.3
churn_done a
try "$n goes down without its leg" down "$n"
try "the leg of $n is good again" good_leg "$n"
try "$n is up" up "$n"
try "connected" until_st a link connected
finish
