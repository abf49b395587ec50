#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# events, on a made-up history.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

good_config >etc/netmirror/r0.conf
leg a 32M
run create r0 --node alpha
exits 4 "a mirror that is down" events r0 --node alpha
run up r0 --node alpha

# history MIRROR BEGAN LINE...: what the kernel remembers from now on
history() {
	local dir=dm/$1

	printf '%s\n' "${@:2}" >"$dir/.new"
	mv "$dir/.new" "$dir/history"
}

refuses 1 "an older module" 'does not know the message "events"' events r0 --node alpha
history r0 1795271601.220417305 \
	"1 1795271601.220420000 role - secondary" \
	"2 1795271601.220430000 health - aD" \
	"3 1795271675.904131440 verdict both legs have the same data" \
	"4 1795271675.904140563 link handshake connected" \
	"5 1795271700.000001999 parted the peer was disconnected by its administrator"
exits 0 "events" events r0 --node alpha
is "their lines" "$(cat out)" "2026-11-21T14:33:21.220420Z r0 1 role: is secondary
2026-11-21T14:33:21.220430Z r0 2 health: is aD
2026-11-21T14:34:35.904131Z r0 3 verdict: both legs have the same data
2026-11-21T14:34:35.904140Z r0 4 link: handshake -> connected
2026-11-21T14:35:00.000001Z r0 5 parted: the peer was disconnected by its administrator"
exits 0 "JSON lines" events r0 --node alpha --json
is "one a line" "$(wc -l <out)" 5
jq -s . out >all
mv all out
json "the schema" 'all(.schema_version == 1 and .mirror == "r0" and .history == "1795271601.220417305")'
json "numbers" 'map(.sequence) == [1, 2, 3, 4, 5]'
json "a change" '.[3] | .time == "2026-11-21T14:34:35.904140Z" and .code == "link" and .text == "handshake -> connected" and .details == {from: "handshake", to: "connected"}'
json "the first word" '.[0].details == {from: null, to: "secondary"}'
json "a reason" '.[2].details == {} and .[2].text == "both legs have the same data"'

exits 0 "since a number" events r0 --node alpha --since 4
is "what follows" "$(cut -d' ' -f3 out)" 5
exits 0 "since the last" events r0 --node alpha --since 5
is "nothing follows" "$(cat out)" ""
exits 0 "since a number of this history" events r0 --node alpha --since 1795271601.220417305:3
is "what follows it" "$(cut -d' ' -f3 out | xargs)" "4 5"
exits 0 "since a number of another history" events r0 --node alpha --since 1795271600.000000000:3
is "is a gap" "$(cut -d' ' -f3,4 out | xargs)" "- gap: 1 role: 2 health: 3 verdict: 4 link: 5 parted:"
exits 0 "since a number that is yet to come" events r0 --node alpha --since 99
is "is a gap as well" "$(cut -d' ' -f3 out | xargs)" "- 1 2 3 4 5"
refuses 2 "since nonsense" 'not "yesterday"' events r0 --since yesterday
refuses 2 "since an empty number" 'takes the number' events r0 --since 17:
refuses 2 "since, of all mirrors" 'of one mirror' events --since 3
refuses 2 "a configuration for all" 'of one mirror' events --config x

# The kernel gives as many at a time as there is room for.
echo 2 >dm/r0/history-room
exits 0 "in pieces" events r0 --node alpha
is "all of them" "$(cut -d' ' -f3 out | xargs)" "1 2 3 4 5"
rm dm/r0/history-room

echo 6 >dm/r0/errno-ask
refuses 1 "a table that is not active" 'Device or resource busy' events r0 --node alpha
rm dm/r0/errno-ask
history r0 1795271601.220417305 "41 1795271800.0 role - primary"
refuses 1 "a time that is none" 'cannot understand' events r0 --node alpha
history r0 1795271601.220417305 \
	"41 1795271800.000000000 role secondary primary" \
	"42 1795271801.000000000 io_held no fencing"
exits 0 "what is overwritten" events r0 --node alpha --since 30
is "is a gap" "$(cut -d' ' -f2- out)" "r0 - gap: 10 events are lost, overwritten by newer ones
r0 41 role: secondary -> primary
r0 42 io_held: no -> fencing"
run events r0 --node alpha --json
head -n 1 out >first
mv first out
json "how many" '.code == "gap" and .sequence == null and .details.lost == 40'
for line in "x" "1" "1 2 3" "1 1.000000000 x" "1 -1.000000000 a b"; do
	history r0 1795271601.220417305 "$line"
	echo "2 1795271800.000000000 role a b" >>dm/r0/history
	run events r0 --node alpha
	grep -q Sanitizer err
	is "nonsense: $line" $? 1
done

# Several mirrors, one of them without a configuration
history r0 1795271601.220417305 "1 1795271601.220420000 role - secondary"
cp -r dm/r0 dm/foreign
exits 0 "of all mirrors" events --node alpha
is "both" "$(cut -d' ' -f2 out | sort | xargs)" "foreign r0"
exits 0 "of two" events r0 foreign --node alpha
is "one of them twice is once" "$("$NM_TOOL" events r0 r0 --node alpha | wc -l)" 1
exits 4 "of one that is not there" events r0 nowhere --node alpha
rm -r dm/foreign

# --- follow

# sees PATTERN: the feed has it within a moment
sees() {
	local i

	for ((i = 0; i < 6000; i++)); do
		grep -qE -- "$1" feed && break
		sleep 0.02
	done
	grep -qE -- "$1" feed
	result $? "the feed has $1"
}

"$NM_TOOL" events --node alpha --follow >feed 2>err &
feed=$!
sees 'r0 1 role: is secondary'
echo "2 1795271900.000000000 role secondary primary" >>dm/r0/history
sees 'r0 2 role: secondary -> primary'
history r0 1795271601.220417305 "9 1795272000.000000000 link connected connecting"
sees 'r0 - gap: 6 events are lost'
sees 'r0 9 link: connected -> connecting'
echo 6 >dm/r0/errno-ask
sleep 0.3
mv dm/r0/table dm/r0/no-table
echo 22 >dm/r0/errno-ask
sleep 0.3
rm dm/r0/errno-ask
mv dm/r0/no-table dm/r0/table
echo "10 1795272001.000000000 suspended yes no" >>dm/r0/history
sees 'r0 10 suspended: yes -> no'
is "a table that is replaced is not down" "$(grep -c down feed)" 0
mv dm/r0 hidden
sees 'r0 - down: the mirror was stopped'
history ../hidden 1795272100.000000000 "1 1795272100.000000100 role - secondary"
mv hidden dm/r0
sees 'r0 - up: the mirror was started'
sees '^2026-11-21T14:41:40.000000Z r0 1 role: is secondary'
history r0 1795272200.000000000 "1 1795272200.000000100 role - primary"
sees 'r0 1 role: is primary'
is "down and up between two looks" "$(tail -n 3 feed | cut -d' ' -f3,4 | xargs)" "- down: - up: 1 role:"
mkdir dm/.r1
echo NETMIRROR-x >dm/.r1/uuid
cp dm/r0/table dm/r0/status dm/r0/sectors dm/.r1/
history .r1 1795272300.000000000 "1 1795272300.000000100 role - primary"
mv dm/.r1 dm/r1
sees 'r1 1 role: is primary'
is "nothing twice" "$(grep -c 'r0 9 link' feed)" 1
kill "$feed"
wait "$feed" 2>/dev/null
is "nothing was wrong" "$(cat err)" ""

"$NM_TOOL" events r0 r9 --node alpha --follow >feed 2>err
is "a mirror that nobody knows cannot be followed" "$?" 4
mv dm/r0 hidden
"$NM_TOOL" events r0 --node alpha --follow --json >feed 2>err &
feed=$!
sees '"code":"down","text":"the mirror is not up"'
mv hidden dm/r0
sees '"code":"up"'
sees '"sequence":1,.*"to":"primary"'
kill "$feed"
wait "$feed" 2>/dev/null
# --- the codes are those of the kernel, of the manual and of the schema
codes=$(sed -n '/codes\[NM_NR_EVENTS\] = {/,/};/s/.*= "\(.*\)",/\1/p' "$TOP/dm-netmirror/events.c")
schema=$TOP/userspace/netmirrorctl/schema/events.json
is "the schema has the codes of the module" \
	"$(jq -r '.properties.code.enum[]' "$schema" | grep -vxE 'up|down|gap' | xargs)" \
	"$(echo "$codes" | xargs)"
missing=
for c in $codes up down gap; do
	sed -n '/^\.Sh EVENTS/,/^\.Sh FILES/p' "$TOP/userspace/netmirrorctl/man/netmirrorctl.8" |
		grep -qE "^\.It Sy (.* )?$c( |\$)" || missing="$missing $c"
done
is "and so has the manual" "$missing" ""
done_testing
