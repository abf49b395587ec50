# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# journal.sh - durable writes whose acknowledgements the host keeps, for scenarios
# that cut the power.  Source it after mirror_boot.
#
#   writes NODE [BATCH]        begins to write versions that were not there before, BATCH
#                              (1) of them durable at a time
#   more_is_written [NUMBER]   waits until the writer got so much further (200)
#   writes_noted               what was acknowledged so far has to be there from now on
#   writes_end                 ends it, if its machine is still there, and notes
#   longest_pause              prints the most milliseconds, of the guest's clock, that a
#                              write of the last writer took
#   nothing_is_lost NODE       reads back on NODE whatever was noted
#   back GUEST...              boots again what lost power, and loads the module

acked=$(lab_host)/acked
version=0
writers=0

writes()
{
	version=$((version + 1000000))
	writers=$((writers + 1))
	: >"$(lab_out "writer$writers")"
	lab_bg "$(guest "$1")" "writer$writers" \
		"/nm/testtools/journal write /dev/mapper/r0-$1 $version ${2-1}"
	lab_until 10 written 500
}

writes_so_far()
{
	wc -l <"$(lab_out "writer$writers")"
}

# written NR: that many writes of this run were acknowledged
written()
{
	[ "$(writes_so_far)" -gt "$1" ]
}

more_is_written()
{
	lab_until 10 written $(($(writes_so_far) + ${1:-200}))
}

# The last line of a machine that died may be cut off.
writes_noted()
{
	awk 'NF == 3 && $2 > newest[$1] { newest[$1] = $2 }
		END { for (block in newest) print block, newest[block] }' \
		"$(lab_out "writer$writers")" >>"$acked"
}

writes_end()
{
	lab_stop "writer$writers" 2>/dev/null
	lab_wait "writer$writers" 20
	writes_noted
}

longest_pause()
{
	awk '$3 > most { most = $3 } END { print most + 0 }' "$(lab_out "writer$writers")"
}

nothing_is_lost()
{
	on "$1" "/nm/testtools/journal check \$DEV </host/acked"
}

back()
{
	local n

	lab_boot "$@" || return
	for n in "$@"; do mirror_load "$n" || return; done
}
