#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run-check.sh KERNEL...: run every test under one prove. A scenario that needs guests
# says in its "# links:" line over which links it can run. It runs over each of them
# on each kernel, or, where it has a "# check:" line, only in the pairs of kernel and
# link that are named there. With CHECK=full that line does not count.
#
# What needs one core runs beside another: host programs, and one guest. Two guests
# have the machine for themselves, since the mirrors in them watch the clock.
set -eu

top=$(realpath "$(dirname "$0")/..")
build=${O:-$top/build}
cases=$build/check
rm -rf "$cases"
mkdir -p "$cases/alone"
cd "$top"
export NM_TOOL=$build/tool-test/netmirrorctl

shopt -s nullglob
list=("$top"/tests/*.t "$top"/tests/sim/*.t)
for t in "$build"/unit/test-*; do
	[ -x "$t" ] && [ ! -d "$t" ] && list+=("$t")
done
list+=("$top"/tests/tool/*.t)
for kernel in "$@"; do
	for t in tests/scripts/*.t; do
		links=$(sed -n 's/^# links: //p' "$t")
		pairs=$(sed -n 's/^# check: //p' "$t")
		for link in ${links:?"$t has no links line"}; do
			if [ "${CHECK-}" != full ] && [ -n "$pairs" ] &&
			   [[ " $pairs " != *" $kernel-$link "* ]]; then
				continue
			fi
			case=$cases/$kernel-$link-$(basename "$t")
			[ "$link" = loop ] || case=$cases/alone/${case##*/}
			printf '#!/bin/bash\nexport LAB_KERNEL=%s LINK=%s\nexec %q\n' \
				"$kernel" "$link" "$top/$t" >"$case"
			chmod +x "$case"
			list+=("$case")
		done
	done
done
cat >"$cases/rules.yml" <<'EOF'
---
seq:
  - seq: '**/alone/*'
  - par: '**'
EOF
# shellcheck disable=SC2086 # a list
HARNESS_RULESFILE=$cases/rules.yml exec prove --jobs "$(nproc)" --timer --merge \
	${PROVE_OPTIONS-} "${list[@]}"
