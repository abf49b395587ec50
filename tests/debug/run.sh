#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh [SCENARIO[+FAULTS]...]: run scenarios on the user-mode kernel that build.sh has
# made in $O/debug, as TAP. Without arguments every scenario, without faults and with
# each kind of them.
#
# The guest says what its tests came to; the judge is the host, which fails a run also
# for what the kernel had to say (a lock, a leak, memory, a hang), for an end that did
# not come in 150 s (or what the scenario says in a line "# limit: SECONDS"), and for
# faults that did not happen. What a run leaves is in $O/debug/run/SCENARIO+FAULTS:
# console, result (TAP of the guest), status, the legs. Two of them can run at once; a
# run waits for another of its name.
#
# LEAKS= leaves out the search for leaks, which waits for 5 s; ROUNDS=N is for the
# scenario rounds.

set -u
here=$(dirname "$(readlink -f "$0")")
dir=$(realpath "${O:-$here/../../build}/debug")
# shellcheck source=../lab/tap.sh
. "$here/../lab/tap.sh"

all_faults="slow slab page disk-a disk-b"

# What the kernel says when something is wrong with it.
complaint='WARNING|BUG|KASAN|UBSAN|ODEBUG|INFO: |Oops|Kernel panic|general protection'
complaint+='|deadlock|inconsistent lock|corruption|unreferenced object|leak detector disabled|debug: hang|lockup'

# The memory of the guest is a file there; containers may have little of it.
[ "$(df --output=avail /dev/shm 2>/dev/null | tail -n 1)" -gt 600000 ] 2>/dev/null ||
	export TMPDIR=/tmp

# boot SCENARIO FAULTS RUN: until it powers off. Its processes are a group, of which
# some outlive their first when that is killed.
boot()
{
	local limit pid status

	limit=$(sed -n 's/^# limit: //p' "$here/scenarios/$1.sh")
	limit=${limit:-150}
	rm -rf "$3"
	mkdir -p "$3"
	truncate -s 17M "$3/leg-a" "$3/leg-b"
	timeout -s KILL $((limit + 50)) "$dir/linux" mem=256M uml_dir="$3/" umid=guest \
		rootfstype=hostfs rootflags=/ ro init="$here/init" con=null con0=null,fd:1 \
		ubd0="$3/leg-a" ubd1="$3/leg-b" SCENARIO="$1" FAULTS="$2" DIR="$dir" RUN="$3" \
		LIMIT="$limit" LEAKS="${LEAKS-yes}" ${ROUNDS:+ROUNDS="$ROUNDS"} \
		</dev/null >"$3/console" 2>&1 &
	pid=$!
	wait $pid
	status=$?
	kill -KILL -- -$pid 2>/dev/null
	return $status
}

# User mode itself complains before the first line that is looked at.
console()
{
	sed '1,/debug: begin$/d' "$1/console"
}

judge()
{
	local run=$1 faults=$2 bad=0

	if [ "$(cat "$run/status" 2>/dev/null)" != 0 ]; then
		echo "exit status: $(cat "$run/status" 2>&1)"
		bad=1
	fi
	if ! grep -q '^1\.\.[1-9]' "$run/result" || grep -q '^not ok' "$run/result"; then
		grep -vE '^(ok|# )' "$run/result"
		bad=1
	fi
	if ! console "$run" | grep -q 'debug: end$'; then
		console "$run" | tail -n 20
		echo "the guest did not come to its end"
		bad=1
	fi
	if console "$run" | grep -qE "$complaint"; then
		console "$run" | grep -E -m 1 -A 12 "$complaint"
		bad=1
	fi
	if [ -n "${faults#slow}" ] && ! console "$run" | grep -q 'forcing a failure'; then
		echo "no fault happened"
		bad=1
	fi
	[ $bad = 0 ] || echo "see $run"
	return $bad
}

# one NAME: SCENARIO or SCENARIO+FAULTS
one()
{
	local scenario=${1%%+*} faults='' run=$dir/run/$1 lock status

	[ "$scenario" = "$1" ] || faults=${1#*+}
	if [ ! -f "$here/scenarios/$scenario.sh" ]; then
		echo "no such scenario"
		return 1
	fi
	mkdir -p "$dir/run"
	exec {lock}>"$run.lock"
	flock "$lock"
	boot "$scenario" "$faults" "$run" || echo "exit status of the kernel: $?"
	judge "$run" "$faults"
	status=$?
	exec {lock}>&-
	return $status
}

if [ $# = 0 ]; then
	for s in "$here"/scenarios/*.sh; do
		s=$(basename "$s" .sh)
		set -- "$@" "$s"
		# One makes its own, the other has nothing that could fail.
		[[ $s != nth && $s != kunit ]] || continue
		for f in $all_faults; do
			set -- "$@" "$s+$f"
		done
	done
fi
for name in "$@"; do
	started=$(millis)
	ok "$name" one "$name"
	diag "$name: $((($(millis) - started) / 100))00 ms"
done
done_testing
