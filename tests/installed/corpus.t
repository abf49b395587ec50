#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# corpus.t - the fuzzers' seeds, which reach every place behind the checks of what
# others wrote, once more through the fuzzed code.

set -u
cd "$(dirname "$(readlink -f "$0")")" || exit

nr=0
failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "1..$(find fuzz -name 'fuzz-*' | wc -l)"
for fuzzer in fuzz/fuzz-*; do
	target=${fuzzer#fuzz/fuzz-}
	nr=$((nr + 1))
	if "$fuzzer" -timeout=10 "corpus/$target"/* >"$log" 2>&1; then
		echo "ok $nr - $target: $(find "corpus/$target" -type f | wc -l) inputs do no harm"
	else
		echo "not ok $nr - $target"
		tail -n 40 "$log" | sed 's/^/# /'
		failed=1
	fi
done
exit "$failed"
