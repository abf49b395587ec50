# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# journal.sh - durable writes whose acknowledgements the host keeps, for scenarios
# that cut the power.  Source it after mirror_boot.
#
#   writes NODE                begins to write versions that were not there before
#   more_is_written            waits until the writer got further
#   writes_end                 ends it, if its machine is still there
#   nothing_is_lost NODE       reads back on NODE whatever was acknowledged so far
#   back GUEST...              boots again what lost power, and loads the module

acked=$(lab_host)/acked
version=0
writers=0

writes()
{
	version=$((version + 1000000))
	writers=$((writers + 1))
	lab_bg "$(guest "$1")" "writer$writers" "/nm/testtools/journal write /dev/mapper/r0-$1 $version"
	lab_until 10 written 500
}

# written NR: that many writes of this run were acknowledged
written()
{
	[ "$(wc -l <"$(lab_out "writer$writers")")" -gt "$1" ]
}

more_is_written()
{
	lab_until 10 written $(($(wc -l <"$(lab_out "writer$writers")") + 200))
}

writes_end()
{
	lab_stop "writer$writers" 2>/dev/null
	lab_wait "writer$writers" 20
	cat "$(lab_out "writer$writers")" >>"$acked"
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
