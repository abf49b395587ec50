#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# mutants.t - the simulator finds bugs: each one in tests/sim/mutants/ is put into
# a copy of the source that it names, and a schedule must fail. A mutant that no
# longer changes its source is a failure, too: write it anew.

set -u
cd "$(dirname "$(readlink -f "$0")")/../.." || exit
# shellcheck source=../lab/tap.sh
. tests/lab/tap.sh

out=${O:-$PWD/build}/sim
limit=200000

builds()
{
	make -s -C tests/sim O="$out" NAME="$1" mutant
}

# Fails when a schedule does. The line "# options: ..." of a mutant is for the
# simulator.
survives()
{
	local options

	read -ra options < <(sed -n 's/^# options: //p' "tests/sim/mutants/$1.sed")
	"$out/mutants/$1" "${options[@]}" --first --seeds 1 "$limit"
}

ok "the simulator builds" make -s -C tests/sim O="$out" build
found=0
all=0
for f in tests/sim/mutants/*.sed; do
	name=$(basename "$f" .sed)
	all=$((all + 1))
	if ok "$name applies" builds "$name"; then
		nok "$name is found: $(sed -n '1s/^# //p' "$f")" survives "$name" &&
			found=$((found + 1))
	fi
done
ok "nothing is found without a mutant" "$out/sim" --seeds 1 20000
diag "$found of $all mutants found within $limit schedules each"
done_testing
