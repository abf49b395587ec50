#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# links: loop rdma
# check: 6.1-loop
#
#   r0-a (primary, under load) <-- link --> r0-b
#
# A mirror is suspended, resumed and reloaded under load, on both nodes, with the
# same table and with another.  The application waits and gets no error (I10), the
# legs are the same while the primary is suspended (I2, I7; a suspend that ends
# before the writes do would leave them different), the role outlives the table,
# and the table line that is printed can be loaded again.

set -u
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"

LAB_LEG_SIZE=128M
LAB_TIMEOUT=20
mirror_boot
ok "the legs are made" mirror_create
ok "both nodes are up and connected" mirror_up
ok "a is promoted" ctl a promote
load a busy --rw=randwrite --bsrange=4k-64k --iodepth=16 --size=100M --norandommap \
	--time_based --runtime=300

dm()
{
	on "$1" "dmsetup $2 \${DEV##*/} $3"
}

writes_flow()
{
	local before

	before=$(st a app_writes)
	lab_until 5 eval "[ \"\$(st a app_writes)\" -gt $((before + 50)) ]"
}

writes_rest()
{
	local before

	before=$(st a app_writes)
	sleep 0.5
	[ "$(st a app_writes)" = "$before" ]
}

# reload NODE [CHANGE]: the node's own table, changed by an awk program, takes its place
reload()
{
	on "$1" "dmsetup table \${DEV##*/} | awk '{ ${2-} print }' | dmsetup reload \${DEV##*/} &&
		dmsetup suspend \${DEV##*/} && dmsetup resume \${DEV##*/}"
}

# back: connected, in sync and at work
back()
{
	until_st 15 a link connected && lab_until 20 in_sync && writes_flow
}

ok "the load has begun" lab_until 10 writes_flow

# --- suspend ---------------------------------------------------------------

for flags in "" --noflush --nolockfs; do
	ok "a is suspended ($flags)" dm a "suspend $flags" ""
	ok "nothing is written" writes_rest
	is "$(st a link)" connected "status answers, and the peer stays"
	ok "the legs are the same" same_legs
	ok "a is resumed" dm a resume ""
	ok "writes go on" writes_flow
done
is "$(st a link_losses)" 0 "the link was never lost"

ok "b is suspended" dm b suspend ""
ok "a goes on alone" until_st 5 a health AD
ok "writes go on" writes_flow
ok "b is resumed" dm b resume ""
ok "both are back" back

# --- reload ----------------------------------------------------------------

table=$(dm a table "")
ok "a is reloaded with its own table" reload a
is "$(st a role)" primary "a is still primary"
ok "both are back" back
is "$(dm a table "")" "$table" "the table is the same"

table=$(dm b table "")
ok "b is reloaded with its own table" reload b
ok "both are back" back
is "$(dm b table "")" "$table" "the table is the same"
is "$(st b role)" secondary "b is still secondary"

# Word 12 counts the core arguments.
ok "a is reloaded with other core arguments" reload a \
	'$12 += 4; $0 = $0 " resync_rate 50000 depth 32";'
is "$(st a role)" primary "a is still primary"
is "$(st a resync_rate)/$(st a depth)" 50000/32 "they are in force"
ok "both are back" back
like "$(dm a table "")" "depth 32 resync_rate 50000" "and printed"
table=$(dm a table "")
ok "what is printed is loaded again" reload a
is "$(dm a table "")" "$table" "and printed the same"
ok "both are back" back

# A reload that is refused leaves the old table at work.
nok "a bad table is refused" reload a '$5 = 96;'
ok "both are back" back
ok "a is suspended, loaded and cleared" on a 'dmsetup table ${DEV##*/} | dmsetup reload ${DEV##*/} &&
	dmsetup suspend ${DEV##*/} && dmsetup clear ${DEV##*/} && dmsetup resume ${DEV##*/}'
is "$(st a role)" primary "a is still primary"
ok "both are back" back

lab_stop busy INT
lab_wait busy 20
like "$(cat "$(lab_out busy)")" "err= 0" "no write failed"
ok "the legs are the same" same_legs
ok "b goes down" ctl b down
ok "a goes down" ctl a down
ok "the module unloads" on a 'rmmod dm_netmirror'
mirror_done
