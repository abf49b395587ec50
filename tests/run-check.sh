#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run-check.sh KERNEL...: run every test under one prove. A scenario that needs guests
# says in its "# links:" line over which links it can run. It runs over each of them
# on each kernel, or, where it has a "# check:" line, only in the pairs of kernel and
# link that are named there. With CHECK=full that line does not count.
#
# Two guests at a time, since the mirrors in them watch the clock. They leave some of two
# cores, which goes to host programs that need no clock, by the scheduler's class for
# that: they run when nobody else wants to. What is left, host programs and scenarios
# with one guest, runs two at a time.
set -eu

top=$(realpath "$(dirname "$0")/..")
build=${O:-$top/build}
cases=$build/check
rm -rf "$cases"
mkdir -p "$cases/alone" "$cases/idle"
cd "$top"
export NM_TOOL=$build/tool-test/netmirrorctl

# wrap NAME COMMAND...: a file that prove runs. What it said is kept beside it, and it
# ends: neither a test that hangs nor a process that one left behind, which would hold a
# pipe open, must be all that is known of the others.
wrap()
{
	cat >"$cases/$1" <<-END
	#!/bin/bash
	timeout -k 30 1800 ${*:2} >"\$0.log" 2>&1
	status=\$?
	cat "\$0.log"
	exit \$status
	END
	chmod +x "$cases/$1"
	list+=("$cases/$1")
}

shopt -s nullglob
list=()
idle='chrt --idle 0 nice -n 19'
for t in static packages sim/mutants sim/sim; do
	wrap "idle/${t##*/}.t" "$idle ${top@Q}/tests/$t.t"
done
for t in tests/fuzz/corpus/*; do
	wrap "idle/fuzz-${t##*/}.t" "$idle ${top@Q}/tests/fuzz/fuzz.sh ${FUZZ_SECONDS:-60} ${t##*/}"
done
for t in "$build"/unit/test-*; do
	[ ! -x "$t" ] || [ -d "$t" ] || wrap "unit-${t##*/test-}.t" "${t@Q}"
done
# Its stand-ins for a cluster and a mirror watch the clock, too.
wrap alone/agent.t "${top@Q}/tests/agent.t"
for t in tests/{debug,docs}.t tests/tool/*.t; do
	wrap "$(tr / - <<<"${t#tests/}")" "${top@Q}/$t"
done
for kernel in "$@"; do
	for t in tests/scripts/*.t; do
		links=$(sed -n 's/^# links: //p' "$t")
		pairs=$(sed -n 's/^# check: //p' "$t")
		for link in ${links:?"$t has no links line"}; do
			if [ "${CHECK-}" != full ] && [ -n "$pairs" ] &&
			   [[ " $pairs " != *" $kernel-$link "* ]]; then
				continue
			fi
			case=$kernel-$link-$(basename "$t")
			[ "$link" = loop ] || case=alone/$case
			wrap "$case" "env LAB_KERNEL=$kernel LINK=$link ${top@Q}/$t"
		done
	done
done
cat >"$cases/rules.yml" <<'EOF'
---
seq:
  - par:
    - seq: '**/alone/*'
    - seq: '**/idle/*'
  - par: '**'
EOF
status=0
# shellcheck disable=SC2086 # a list
HARNESS_RULESFILE=$cases/rules.yml prove --jobs "$(nproc)" --timer --merge \
	${PROVE_OPTIONS-} "${list[@]}" || status=$?
[ $status = 0 ] || find "$cases" -name '*.log' | while read -r log; do
	grep -qE '^(not ok|Bail out)' "$log" || continue
	echo "--- ${log%.log}"
	grep -E -A 44 '^(not ok|Bail out)' "$log" | head -n 120
done
exit $status
