#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# sim.t - the module's sources in the two-node simulator, through SIM_SEEDS schedules
# of faults, which is 20,000 by default.

set -u
cd "$(dirname "$(readlink -f "$0")")" || exit

echo 1..1
if out=$(./sim --seeds 1 "${SIM_SEEDS:-20000}" 2>&1); then
	echo "ok 1 - no schedule fails: ${out##*$'\n'}"
else
	echo "not ok 1 - a schedule fails"
	printf '# %s\n' "${out//$'\n'/$'\n'# }"
	exit 1
fi
