#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# fuzz.sh SECONDS [TARGET...]: build the fuzzers and run each of them, one at a time,
# for so long. What a fuzzer learns stays in build/fuzz/learnt and is where the next
# run begins. An input that breaks something is kept below build/fuzz/found, and the
# way to repeat it is shown.
#
# A fuzzer that sees nothing finds nothing: the seeds alone must reach every place
# behind the checks that the fuzzer lists, and a run must have tried MIN_RATE inputs
# a second; the slowest of them tries hundreds.

set -u
cd "$(dirname "$(readlink -f "$0")")" || exit
# shellcheck source=../lab/tap.sh
. ../lab/tap.sh

MIN_RATE=20
MAX_LEN=4200		# the longest control message, and what stands before it

seconds=${1:?usage: fuzz.sh SECONDS [TARGET...]}
shift
build=${O:-$(realpath ../..)/build}/fuzz
if [ "$#" = 0 ]; then
	set -- corpus/*
	set -- "${@#corpus/}"
fi

# Files that are written go to memory, if there is such a directory.
TMPDIR=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d)
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT

seeds_are_made_by_seeds_c()
{
	local f status=0

	"$build/seeds" "$TMPDIR/seeds" || return
	for f in corpus/*/made-*; do
		cmp "$f" "$TMPDIR/seeds/${f#corpus/}" || status=1
	done
	for f in "$TMPDIR"/seeds/*/*; do
		[ -e "corpus/${f#"$TMPDIR/seeds/"}" ] || { echo "$f is new"; status=1; }
	done
	[ "$status" = 0 ] || echo "run: make -C tests/fuzz seeds"
	return "$status"
}

# What a run found is named in its output.
fuzzer()
{
	local target=$1 dict=()

	shift
	[ ! -e "dict/$target" ] || dict=("-dict=dict/$target")
	timeout $((seconds + 120)) "$build/fuzz-$target" -max_len=$MAX_LEN -timeout=60 -rss_limit_mb=1024 \
		-print_final_stats=1 -artifact_prefix="$build/found/$target-" \
		"${dict[@]}" "$@" >"$build/$target.log" 2>&1 && return
	grep -E 'not so|ERROR|runtime error|SUMMARY|Test unit' "$build/$target.log"
	tail -n 25 "$build/$target.log"
	sed -n "s,.*Test unit written to \(.*\),to repeat it: $build/fuzz-$target \1,p" \
		"$build/$target.log"
	return 1
}

seeds_reach_everything()
{
	fuzzer "$1" -runs=0 "corpus/$1" || return
	grep -q '^fuzz: reached ' "$build/$1.log" &&
		! grep '^fuzz: reached 0 ' "$build/$1.log"
}

fuzz()
{
	mkdir -p "$build/learnt/$1"
	fuzzer "$1" -max_total_time="$seconds" "$build/learnt/$1" "corpus/$1" || return
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$build/$1.log")
	[ "${runs:-0}" -ge $((seconds * MIN_RATE)) ] ||
		{ echo "only ${runs:-0} inputs were tried"; return 1; }
}

plan $((2 + 2 * $#))
ok "the fuzzers build" make -s O="$build" build || bail_out "there are no fuzzers"
ok "the seeds are those that seeds.c makes" seeds_are_made_by_seeds_c
mkdir -p "$build/found"
for target in "$@"; do
	ok "$target: the seeds reach every place" seeds_reach_everything "$target"
	runs=0
	ok "$target: nothing is found in $seconds s" fuzz "$target" &&
		diag "$target: $runs inputs," \
			"$(sed -n 's/.*DONE *\(cov: [0-9]*\).*/\1/p' "$build/$target.log")"
done
done_testing
