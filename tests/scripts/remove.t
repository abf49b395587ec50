#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# links: loop rdma
# check: 6.1-rdma
#
#   r0-a <-- link --> r0-b
#
# A mirror goes down in every state of the link, as primary and as secondary, with
# the peer there, gone or deaf, during a resync and after a refusal, under load and
# when its user was killed; the module is busy while there is a device, and goes
# when there is none (I10).  What was acknowledged is still there afterwards, and
# the legs converge (I1, I7).

set -u
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"

LAB_LEG_SIZE=64M
# A command that takes longer than this hangs.
LAB_TIMEOUT=25
# So slow that a resync of the leg is there to be met.
MIRROR_OPTIONS="timeout = 2s
resync-rate = 8M"
mirror_boot
ok "the legs are made" mirror_create

# goes_down NAME NODE: soon, without a trace
goes_down()
{
	local started

	started=$(millis)
	ok "$1: $2 goes down" ctl "$2" down
	at_most $(($(millis) - started)) 8000 "$1: soon"
	ok "$1: the device of $2 is gone" on "$2" '! dmsetup info ${DEV##*/} 2>/dev/null'
}

rate()
{
	on "$1" "dmsetup message \${DEV##*/} 0 resync_rate $2"
}

# in_use NODE: its load has begun
in_use()
{
	on "$1" 'dmsetup info -c --noheadings -o open ${DEV##*/} | grep -v "^ *0"'
}

# --- connecting ------------------------------------------------------------

ok "a is up" ctl a up
is "$(st a link)" connecting "a looks for its peer"
nok "the module is busy" on a 'rmmod dm_netmirror'
goes_down "connecting, secondary" a
ok "a is up" ctl a up
ok "a is promoted" ctl a promote --peer-fenced
# Zeroes would be copied in no time.
ok "a writes alone" on a 'dd if=/dev/urandom of=$DEV bs=1M count=62 oflag=direct'
goes_down "connecting, primary" a

# --- connected -------------------------------------------------------------

ok "both nodes are up and connected" mirror_up
ok "and in sync" lab_until 30 in_sync
ok "a is promoted" ctl a promote
goes_down "connected, secondary" b
ok "a stays" st_is a role primary
ok "b is up" ctl b up
ok "connected again" until_st 15 a link connected
goes_down "connected, primary" a
ok "a is up" ctl a up
ok "connected again" until_st 15 a link connected
ok "and in sync" lab_until 30 in_sync

# --- during a resync -------------------------------------------------------

# resyncing: b is being filled, slowly
resyncing()
{
	ctl b invalidate && until_st 15 b action recover
}

ok "a is promoted" ctl a promote
ok "a fills b" resyncing
goes_down "resync, target" b
ok "b is up" ctl b up
ok "the resync goes on" until_st 15 a action resync
goes_down "resync, source and primary" a
ok "a is up" ctl a up
ok "the resync goes on" until_st 15 a action resync
ok "b is promoted, and pulls" ctl b promote
goes_down "resync, primary that pulls" b
ok "b is up" ctl b up
ok "the resync goes on" until_st 15 a action resync
goes_down "resync, source" a
ok "a is up" ctl a up
rate a 0
ok "in sync in the end" lab_until 60 in_sync
ok "the legs are the same" same_legs

# --- disconnected, refused -------------------------------------------------

ok "the nodes part" ctl a disconnect
ok "b looks for its peer" until_st 10 b link connecting
goes_down "disconnected" a
ok "a is up" ctl a up
ok "connected" until_st 15 b link connected
ok "the nodes part" ctl a disconnect
ok "a is promoted" ctl a promote --peer-fenced
ok "b is promoted" ctl b promote --peer-fenced
ok "a connects" ctl a connect
ok "both are refused" eval "until_st 10 a link refused:two-primaries && until_st 10 b link refused:two-primaries"
goes_down "refused" a
goes_down "refused" b
# Both may have shown their users something; one has to give way.
ok "a is up" ctl a up
ok "a gives way" ctl a invalidate
ok "b is up" ctl b up
rate b 0
ok "in sync" lab_until 60 in_sync
goes_down "after the copy" a
goes_down "after the copy" b

# --- users -----------------------------------------------------------------

ok "both nodes are up and connected" mirror_up
ok "in sync" lab_until 30 in_sync
ok "a is promoted" ctl a promote
load a busy --rw=randwrite --bs=4k --iodepth=16 --size=32M --time_based --runtime=60
ok "a is in use" lab_until 10 in_use a
status_is 5 "a device in use is not removed" ctl a down
ok "the link breaks under load and comes back" eval \
	"ctl a disconnect && sleep 0.3 && ctl a connect && until_st 15 a link connected"
ok "the user is killed" on a 'kill -KILL $(pidof fio)'
lab_wait busy 10 || :
goes_down "killed user" a
ok "a is up" ctl a up
ok "in sync" lab_until 30 in_sync
ok "the legs are the same" same_legs

# Without mercy: an error target takes the mirror's place under its user.
ok "a is promoted" ctl a promote
load a doomed --rw=randwrite --bs=4k --iodepth=16 --size=32M --time_based --runtime=60
ok "a is in use" lab_until 10 in_use a
on a 'dmsetup remove --force ${DEV##*/}' >/dev/null 2>&1
isnt "$(lab_wait doomed 15; echo $?)" 124 "its user gets an error"
ok "nothing of the mirror is left" lab_until 10 on a 'dmsetup remove ${DEV##*/} || ! dmsetup info ${DEV##*/}'
ok "b has lost its peer" until_st 10 b link connecting
ok "a is up" ctl a up
ok "in sync" lab_until 30 in_sync
ok "the legs are the same" same_legs

if [ "$LINK" = rdma ]; then
	ok "a is promoted" ctl a promote
	lab_freeze 2
	goes_down "deaf peer" a
	lab_thaw 2
	ok "a is up" ctl a up
	ok "in sync" lab_until 30 in_sync
	ok "a is promoted" ctl a promote
	lab_link_cut 1
	goes_down "cut link" a
	goes_down "cut link" b
	lab_link_heal 1
	ok "both nodes are up and connected" mirror_up
	ok "in sync" lab_until 30 in_sync

	# --- the time between two sessions
	for n in a b; do
		on $n "sed -i 's/^timeout = 2s/&\\nmax-backoff = 60s/' /etc/netmirror/r0.conf"
	done
	goes_down "other settings" a
	goes_down "other settings" b
	ok "both nodes are up and connected" mirror_up
	# It waits 100 ms for the next one, then twice as long after each.
	for i in 1 2 3 4 5 6; do
		ok "a session that does not last ($i)" eval \
			"ctl a disconnect && until_st 10 b link connecting && ctl a connect && until_st 15 b link connected"
	done
	ok "a leaves once more" eval "ctl a disconnect && until_st 10 b link connecting"
	ok "and so does b" ctl b disconnect
	# The last link of a listener is gone for longer than that.
	sleep 2
	ok "a is back" ctl a connect
	ok "b is back" ctl b connect
	ok "at once, since somebody has said so" until_st 4 b link connected
	ok "in sync" lab_until 30 in_sync
fi

# --- again and again -------------------------------------------------------

goes_down "again" b
goes_down "again" a
for i in 1 2 3 4 5 6 7 8 9 10; do
	ok "up and down ($i)" eval "ctl a up && ctl b up && ctl $([ $((i % 2)) = 0 ] && echo a || echo b) down &&
		ctl a down && ctl b down"
done
ok "the module unloads" on a 'rmmod dm_netmirror'
[ "$LINK" = loop ] || ok "on b too" on b 'rmmod dm_netmirror'
ok "the legs are the same" same_legs
mirror_done
