#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# links: rdma
# check: 6.12-rdma
#
#   guest 1: r0-a, with a feed of its events <-- link --> guest 2: r0-b
#
# The history of events has every change, in order; what was overwritten before it
# was read is told; it goes on when a table is reloaded, and begins anew when the
# mirror was down.

set -u
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"

# shellcheck disable=SC2034 # for mirror.sh
LAB_LEG_SIZE=64M
mirror_boot
ok "the legs are made" mirror_create
ok "both nodes are up and connected" mirror_up
lab_bg 1 feed 'echo $$ >/run/feed.pid; exec netmirrorctl events r0 --node a --follow --json'

# feed_gets SIGNAL
feed_gets()
{
	on a "kill -$1 \$(cat /run/feed.pid)"
}

# Events that came since the last mark, as "code from to" or "code"
seen()
{
	tail -n +"$((mark + 1))" "$(lab_out feed)" |
		jq -r '[.code, .details.from, .details.to] | map(select(. != null)) | join(" ")'
}

has()
{
	seen | grep -qx -- "$1"
}

mark()
{
	mark=$(wc -l <"$(lab_out feed)")
}

# feeds EVENT...: they come, in this order, with others in between
feeds()
{
	local event

	for event in "$@"; do
		lab_until 20 has "$event" || { echo "missing: $event"; seen; return 1; }
	done
	diff <(printf '%s\n' "$@") <(seen | grep -xF -- "$(printf '%s\n' "$@")" | awk '!n[$0]++')
}

# The numbers of the events since the mark leave none out.
no_hole()
{
	tail -n +"$((mark + 1))" "$(lab_out feed)" | jq -s -e 'map(.sequence) |
		. == [range(.[0]; .[0] + length)]' >/dev/null
}

# The history of a node as the kernel prints it
began()
{
	on "$1" 'dmsetup message ${DEV##*/} 0 events 0' | awk 'NR == 1 { print $2 }'
}

mark=0
ok "the feed begins with how the mirror came up" feeds "role secondary" \
	"link connecting handshake" "verdict" "link handshake connected"
ok "a is promoted" ctl a promote
ok "the feed has it" feeds "role secondary primary"

link_cut
ok "the loss is in the feed" feeds "peer_lost" "link connected connecting" "health AA AD"
ok "a writes alone" on a 'dd if=/dev/urandom of=$DEV bs=64k count=40 oflag=direct status=none'
lab_until 10 has "generation .*"
link_heal
ok "so is the return" feeds "link connecting handshake" "verdict" \
	"link handshake connected" "sync idle resync" "health Aa AA" "sync resync idle"
ok "the new generation, too" eval 'seen | grep -q "^generation"'
ok "no event was left out" no_hole

# Changes that are over before anybody looks
mark
feed_gets STOP
ok "the peer leaves and comes back" eval 'ctl b disconnect && until_st 10 a link connecting &&
	ctl b connect && until_st 15 a link connected && lab_until 20 in_sync'
feed_gets CONT
ok "all of it is in the feed" feeds "parted" "link connected connecting" \
	"link handshake connected"
ok "no event was left out" no_hole

# More changes than the history has room for
mark
feed_gets STOP
many_changes()
{
	LAB_TIMEOUT=240 on a 'for i in $(seq 150); do
		dmsetup message ${DEV##*/} 0 frozen && dmsetup message ${DEV##*/} 0 resync || exit
		done'
}
ok "300 changes are made" many_changes
feed_gets CONT
ok "the feed says that some are lost" lab_until 20 has gap
lost=$(tail -n +"$((mark + 1))" "$(lab_out feed)" | jq -s '.[0].details.lost')
ok "44 at least" [ "${lost:-0}" -ge 44 ]
complete()
{
	tail -n +"$((mark + 1))" "$(lab_out feed)" |
		jq -s -e 'length == 257 and (.[1:] | map(.sequence) |
			. == [range(.[0]; .[0] + 256)])' >/dev/null
}
ok "and has the last 256" lab_until 20 complete

# A table that takes the place of another one goes on with the history.
mark
before=$(began a)
ok "the device is suspended" on a 'dmsetup suspend ${DEV##*/}'
like "$(on a 'dmsetup message ${DEV##*/} 0 events 0' | tail -n 1)" "suspended no yes" \
	"its history can be read"
ok "and gets a new table" on a 'dmsetup table ${DEV##*/} | dmsetup reload ${DEV##*/} &&
	dmsetup resume ${DEV##*/}'
ok "connected" until_st 15 a link connected
is "$(began a)" "$before" "the history is the same"
ok "and has the reload" feeds "suspended no yes" "suspended yes no"
ok "no event was left out" no_hole

mark
ok "a is stopped" eval 'ctl a demote && ctl a down'
ok "the feed says so" lab_until 10 has down
ok "and started" eval 'ctl a up && until_st 15 a link connected'
ok "the feed says so" feeds "up" "role secondary" "link handshake connected"
isnt "$(began a)" "$before" "the history is another"
like "$(on a "netmirrorctl events r0 --node a --since $before:3")" "- gap: event 3 is not of this history" \
	"who remembers the old one is told"
lab_stop feed
ok "text for people" eval 'ctl a events | grep -q "role: is secondary"'

# What watches the mirror besides
ok "the metrics" on a 'netmirrorctl metrics --node a --output /run/r0.prom &&
	grep -q "^netmirror_link{mirror=\"r0\",netmirror_link=\"connected\"} 1\$" /run/r0.prom &&
	grep -q "^netmirror_leg_writes_total{mirror=\"r0\"} [1-9]" /run/r0.prom'
like "$(on a 'netmirrorctl doctor r0 --node a')" "nothing was found|mtu, warning" \
	"the doctor finds no problem"
on a 'sed "s/^uuid.*/uuid = 7b1d2e3f-0000-4111-8222-0123456789ab/; s,/dev/disk.*,/dev/mapper/hung,; s/= r0-/= r1-/" \
	/etc/netmirror/r0.conf >/etc/netmirror/r1.conf
	dmsetup create hung --table "0 131072 linear /dev/ram0 0" 2>/dev/null ||
	{ modprobe brd rd_nr=1 rd_size=65536 && dmsetup create hung --table "0 131072 linear /dev/ram0 0"; }
	dmsetup suspend --noflush hung'
like "$(on a 'timeout 60 netmirrorctl doctor r1 --node a')" "hung cannot be read within 5 seconds" \
	"a device that hangs does not hold up the doctor"
on a 'dmsetup resume hung; rm /etc/netmirror/r1.conf'
mirror_done
