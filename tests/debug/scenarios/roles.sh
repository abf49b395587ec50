#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Roles change with the link up, down, and during a resync that the primary pulls.

# shellcheck source=../lib.sh
. "$(dirname "$(readlink -f "$0")")/../lib.sh"

start
churn a
sleep 0.5
try "b cannot be promoted" nok msg b promote
try "b leaves" msg b disconnect
sleep 0.5
churn_done a
try "b comes back" msg b connect
try "a is demoted" msg a demote
try "b is promoted" until_true msg b promote
churn b
for i in 1 2 3; do
	# Its only good leg may still be that of a.
	try "in sync ($i)" until_true in_sync
	try "b disconnects ($i)" msg b disconnect
	sleep 0.3
	churn_done b
	try "b connects ($i)" msg b connect
	try "b is demoted ($i)" msg b demote
	try "a is promoted and pulls ($i)" until_true msg a promote
	churn a
	sleep 0.3
	churn_done a
	try "a is demoted ($i)" msg a demote
	try "b is promoted ($i)" until_true msg b promote
	churn b
done
churn_done b
try "b is demoted" msg b demote
try "a is promoted" until_true msg a promote
finish
