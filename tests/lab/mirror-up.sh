# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# mirror-up.sh - make and start the mirror r0 on both guests of a lab that is up, with
# node1 as primary. Sourced by shell.sh. The nodes are called as their guests, so that
# netmirrorctl needs no --node there.

LAB_KERNEL=$(cut -d. -f1,2 <<<"$LAB_KVER")
# shellcheck source-path=SCRIPTDIR source=../scripts/mirror.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../scripts/mirror.sh"
unset LAB_TRACE_FD

mirror_config | sed 's/^\[node a\]/[node node1]/; s/^\[node b\]/[node node2]/
	s/^device = .*/device = r0/' >"$(lab_host)/r0.conf"
for n in 1 2; do
	if ! mirror_load "$n" || ! lab_run "$n" \
		'netmirrorctl create r0 --assume-clean --yes --quiet && netmirrorctl up --quiet r0'; then
		lab__say "the mirror r0 is not up on node$n"
	fi
done
lab_until 15 lab_run 1 'netmirrorctl promote --quiet r0 2>/dev/null' ||
	lab__say "node1 cannot be promoted"
lab_run 1 'netmirrorctl status r0'
