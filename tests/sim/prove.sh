#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# prove.sh - what the simulator shows, in one go: so many schedules of each mode
# without a violation, at a rate that makes so many possible, and each bug of
# mutants/ found in time. What went wrong is printed with the seed that repeats
# it. SCHEDULES is for the default mode, OTHERS for each of the other modes.

set -u
cd "$(dirname "$(readlink -f "$0")")/../.." || exit

out=${O:-$PWD/build}/sim
schedules=${SCHEDULES:-1000000}
others=${OTHERS:-100000}
limit=200000
rate=5000
passed=0
failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# verdict STATUS TEXT...
verdict()
{
	if [ "$1" = 0 ]; then
		passed=$((passed + 1))
		echo "passed: ${*:2}"
	else
		failed=$((failed + 1))
		echo "FAILED: ${*:2}"
	fi
}

# mode NAME OPTION...: the last line of the simulator is its summary
mode()
{
	"$out/sim" "${@:2}" >"$log"
	verdict $? "$1: $(tail -n 1 "$log")"
	head -n -1 "$log"
}

mutant()
{
	local file=tests/sim/mutants/$1.sed options what

	what=$(sed -n '1s/^# //p' "$file")
	if ! make -s -C tests/sim O="$out" NAME="$1" mutant >"$log" 2>&1; then
		verdict 1 "$what The mutant cannot be built:"
		tail -n 5 "$log"
		return
	fi
	read -ra options < <(sed -n 's/^# options: //p' "$file")
	if "$out/mutants/$1" "${options[@]}" --first --seeds 1 "$limit" >"$log"; then
		verdict 1 "$what Not found within $limit schedules."
	else
		verdict 0 "$what Found by $(sed -n "s/^seed \([0-9]*\): \(.\{1,90\}\).*/schedule \1: \2/p" "$log")"
	fi
}

make -s -C tests/sim O="$out" build || exit
mode "default" --seeds 1 "$schedules"
got=$(sed -n 's/.*: \([0-9]*\) schedules\/s.*/\1/p' "$log")
verdict "$((${got:-0} < rate))" "at least $rate schedules a second on one core: $got"
mode "legs that fail" --leg-errors --seeds 1 "$others"
mode "split brain" --split-brain --seeds 1 "$others"
mode "damage, check and repair" --damage --seeds 1 "$others"
mode "a leg put back to an older copy" --rollback --seeds 1 "$others"
mode "all orders of 2 writes and 3 faults" --exhaustive
for file in tests/sim/mutants/*.sed; do
	mutant "$(basename "$file" .sed)"
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
