#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# sim.t - the module's own sources in the two-node simulator: no schedule may lose
# an acknowledged write, hang, leak or warn. SIM_SEEDS is how many to run, by
# default as many as 25 seconds allow; SIM_FROM is the first one.

set -u
cd "$(dirname "$(readlink -f "$0")")/../.." || exit
# shellcheck source=../lab/tap.sh
. tests/lab/tap.sh

out=${O:-$PWD/build}/sim
from=${SIM_FROM:-1}
seeds=${SIM_SEEDS:-10000000}
seconds=25
[ -n "${SIM_SEEDS-}" ] && seconds=0
summary=$(mktemp)
trap 'rm -f "$summary"' EXIT

# run PROGRAM OPTION...: the last line is the summary
run()
{
	"$@" | tee /dev/stderr | tail -n 1 | sed "s/^/${*:2:1}: /" >>"$summary"
	return "${PIPESTATUS[0]}"
}

ok "the simulator builds" make -s -C tests/sim O="$out" build asan
ok "no schedule of the default swarm fails" \
	run "$out/sim" --seeds "$from" "$seeds" "$seconds"
ok "two histories are told apart and never merged" \
	run "$out/sim" --split-brain --seeds "$from" "$seeds" 10
ok "a leg that fails costs no acknowledged write" \
	run "$out/sim" --leg-errors --seeds "$from" "$seeds" 10
ok "a leg that is put back to an older copy is found out" \
	run "$out/sim" --rollback --seeds "$from" "$seeds" 5
ok "damage to a leg is found and mended" \
	run "$out/sim" --damage --seeds "$from" "$seeds" 5
ok "no order of 2 writes and 3 faults fails" run "$out/sim" --exhaustive
ok "the sanitizers find nothing" \
	run "$out/asan/sim" --seeds "$from" "$seeds" 20
diag "$(paste -sd ';' "$summary" | sed 's/;/; /g')"
done_testing
