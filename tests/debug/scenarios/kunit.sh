#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What the KUnit tests in the module came to when it was loaded (tests/kunit), in the
# words of the kernel.

nr=0
for suite in disk events range; do
	results=/sys/kernel/debug/kunit/netmirror-$suite/results
	[ -e "$results" ] || { echo "not ok $((++nr)) - no results of $suite"; continue; }
	while read -r line; do
		[[ $line =~ ^((not )?ok)\ [0-9]+\ (- )?(.*) ]] || continue
		nr=$((nr + 1))
		echo "${BASH_REMATCH[1]} $nr - ${BASH_REMATCH[4]}"
	done <"$results"
done
echo "1..$nr"
