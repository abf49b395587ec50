#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Load on a connected mirror; a goes down and b is promoted.

# shellcheck source=../lib.sh
. "$(dirname "$(readlink -f "$0")")/../lib.sh"

start
churn a
sleep 3
try "writes flow" writes_flow
churn_done a
try "a is demoted" msg a demote
try "b is promoted" msg b promote
churn b
sleep 1
churn_done b
try "b goes back" msg b demote
try "a is promoted" msg a promote
finish
