#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The link breaks under load and comes back, during the resync too.

# shellcheck source=../lib.sh
. "$(dirname "$(readlink -f "$0")")/../lib.sh"

start
churn a
for i in 1 2 3 4 5 6; do
	try "a disconnects ($i)" msg a disconnect
	sleep 0.3
	try "a connects ($i)" msg a connect
	try "connected ($i)" until_st a link connected
	[ $((i % 2)) = 0 ] || try "in sync ($i)" until_true in_sync
	try "b disconnects ($i)" msg b disconnect
	try "b connects ($i)" msg b connect
done
try "connected" until_st a link connected
try "b is to be filled anew" msg b invalidate_local
try "in sync" until_true in_sync
try "and again" msg a invalidate_remote
try "paused" msg a frozen
try "slowed down" msg a resync_rate 20000
try "resumed" msg a resync
try "in sync" until_true in_sync
churn_done a
finish
