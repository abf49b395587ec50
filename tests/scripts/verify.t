#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# links: loop rdma
# check: 6.12-loop
#
#   application -> r0-a (primary) <-- link --> r0-b
#                                                |
#                                  damaged behind the mirror's back
#
# A check finds the regions that were damaged, and no others, under a load that writes
# without pause where it looks.  A repair mends them from the leg of the primary (I7),
# and what it copies is covered by marks when the link is lost in the middle (I3).  Only
# the node that can lock a region against all writes compares.

set -u
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"

LAB_LEG_SIZE=32M
LAB_TIMEOUT=25
mirror_boot
ok "the legs are made" mirror_create
ok "both nodes are up and connected" mirror_up
ok "a is promoted" ctl a promote
# The load writes to the last quarter; damage is done elsewhere.
ok "something is written" on a 'dd if=/dev/urandom of=$DEV bs=1M count=30 oflag=direct'
load a busy --rw=randwrite --bsrange=4k-128k --iodepth=16 --offset=22M --size=8M \
	--norandommap --rate_iops=400 --time_based --runtime=300

# damage REGION...: 4 KiB in each of them, on the leg of b
damage()
{
	local offset

	offset=$(($(data_offset a) / 4096))
	on b "leg=\$(sed -n '/node b/,\$s/^leg = //p' /etc/netmirror/r0.conf)
		for region in $*; do
			dd if=/dev/urandom of=\$leg bs=4k count=1 oflag=direct conv=notrunc \
				seek=\$(($offset + region * 16 + region % 16)) status=none || exit
		done"
}

# say NODE MESSAGE...: to the kernel itself
say()
{
	on "$1" "for word in ${*:2}; do dmsetup message \${DEV##*/} 0 \$word || exit; done"
}

rate()
{
	on a "dmsetup message \${DEV##*/} 0 resync_rate $1"
}

# The regions that were found, of which the log has no more than ten in five seconds.
found()
{
	on a dmesg | sed -n 's/.*the legs differ in region \([0-9]*\),.*/\1/p' |
		sort -n | xargs
}

# How many regions the last run mended, by its last word in the log.
mended()
{
	on a 'dmesg' | sed -n 's/.*regions compared, .* differ, \([0-9]*\) mended$/\1/p' | tail -n 1
}

# are NODE KEY...: values of the status, with a slash between them
are()
{
	st_all "$1" | awk -v keys="${*:2}" '{ value[$1] = $2 }
		END {
			n = split(keys, key)
			for (i = 1; i <= n; i++) printf "%s%s", value[key[i]], i < n ? "/" : "\n"
		}'
}

# The run is over, and has not compared all.
ended()
{
	[[ $(are "$1" action verify_left) == idle/[1-9]* ]]
}

# --- who compares ----------------------------------------------------------

for word in check repair; do
	ok "the secondary refuses: $word" refuses b "this node is not primary; give the command on the primary" \
		"netmirrorctl $word r0 --node b --yes"
done

# --- a check ---------------------------------------------------------------

ok "a check under load finds no difference" ctl a check --wait
is "$(are a mismatches verify_left)" 0/0 "and has compared all regions"
damaged="0 5 17 100 101 200 319"
ok "seven regions are damaged" damage "$damaged"
nok "a check finds them" ctl a check --wait
is "$(st a mismatches)" 7 "seven regions differ"
is "$(found)" "$damaged" "those and no others"
is "$(are a health link_losses action)" AA/0/idle "nothing else happened"
nok "a second check finds them again: the first one changed nothing" ctl a check --wait
is "$(st a mismatches)" 7 "seven regions differ"

# --- a repair --------------------------------------------------------------

ok "a repair finds and mends them" ctl a repair --wait
is "$(st a mismatches)/$(mended)" 0/7 "no difference is left"
ok "a check finds nothing more" ctl a check --wait
is "$(st a link_losses)" 0 "the link was never lost"

# --- what ends a run -------------------------------------------------------

every_tenth=$(seq -s ' ' 0 10 319)
ok "every tenth region is damaged" damage "$every_tenth"
ok "a repair begins, slowly" eval "rate 8000 && say a repair"
sleep 0.8
ok "the link is lost" ctl a disconnect
ok "that ends it" lab_until 5 ended a
before=$(mended)
diag "$before regions were mended before"
ok "some regions were mended" [ "$before" -gt 0 ]
rate 0
ok "the nodes meet" ctl a connect
ok "in sync" lab_until 20 in_sync
ok "a repair mends the rest" ctl a repair --wait
all=$((before + $(mended)))
at_most "$all" 32 "which are those that were not mended before"
at_most 24 "$all" "or are copied as dirty: the eight that were in work"

rate 4000
ok "a check begins" say a check
is "$(st a action)" check "it goes on"
ok "idle ends it" eval "say a idle && lab_until 5 ended a"
ok "another one begins" say a check
ok "a suspend ends it" on a 'dmsetup suspend ${DEV##*/} && dmsetup resume ${DEV##*/}'
ok "it has ended" lab_until 5 ended a
ok "another one begins" say a check
ok "a pause ends it" ctl a pause
is "$(st a action)" frozen "and stays"
ok "the pause is over" ctl a resync
lab_stop busy INT
lab_wait busy 20
like "$(cat "$(lab_out busy)")" "err= 0" "no write failed"
ok "the legs are the same" same_legs

ok "a is demoted" ctl a demote
ok "the peer may compare, too" eval "on b 'dmsetup message r0-b 0 resync_rate 4000' && say b check"
ok "nobody repairs without a primary" refuses a "or promote this node" \
	"netmirrorctl repair r0 --node a --yes"
is "$(st b action)" check "it goes on"
ok "the promotion of a ends it" eval "ctl a promote && lab_until 5 ended b"
rate 0
ok "a check finds nothing" ctl a check --wait
mirror_done
