#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Removal in every state of the link, as primary and secondary, and with a user.

# shellcheck source=../lib.sh
. "$(dirname "$(readlink -f "$0")")/../lib.sh"

start
# a is primary and b secondary, connected and in sync, when it begins
again()
{
	local n

	for n in a b; do
		exists $n || try "$n is up" up $n
	done
	try "connected" until_st a link connected
	st_is b role secondary || try "b is demoted" msg b demote
	try "a is promoted" msg a promote
}

# gone NODE: it does not matter whether it was there
gone()
{
	if exists "$1"; then try "$1 goes down" down "$1"; fi
}

gone b
gone a
again
gone a
gone b
try "a is up alone" up a
gone a
try "a is up alone" up a
try "a is promoted" msg a promote peer_fenced
churn a
sleep 0.3
churn_done a
gone a
again
try "b is invalid" msg b invalidate_local
try "slow" msg a resync_rate 1000
gone b
again
try "b is invalid" msg b invalidate_local
gone a
again
try "b disconnects" msg b disconnect
gone b
gone a
again
try "a is suspended" dm a suspend
gone a
again
churn a
try "a device in use stays" nok down a
# It stays busy until its user is gone.
say "an error target takes its place"
dm a remove --force >/dev/null 2>&1
kill "${churns[a]}" 2>/dev/null
wait "${churns[a]}"
unset "churns[a]"
try "and goes" until_true eval 'down a || ! exists a'
again
try "in sync" until_true in_sync
finish
