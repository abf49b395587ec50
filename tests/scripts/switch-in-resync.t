#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# links: loop rdma
# check: none
#
#   r0-a <-- link --> r0-b, one of them being filled
#
# The roles change again and again while a resync is on its way, with durable writes on
# whoever is primary, and the link breaks in between (I1, I5, I8).  Then the leg that is
# being filled is promoted by force, without its peer: both nodes find a split brain,
# say what to do, and what they say solves it (I5, I7).

set -u
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"

LAB_LEG_SIZE=128M
mirror_boot
# shellcheck source=journal.sh
. "$top/tests/scripts/journal.sh"
ok "the legs are made" mirror_create
ok "both nodes are up and connected" mirror_up
ok "a is promoted" ctl a promote

rate()
{
	on a "dmsetup message \${DEV##*/} 0 resync_rate $1" && on b "dmsetup message \${DEV##*/} 0 resync_rate $1"
}

# much_is_missed NODE: the other one misses 100 MB of it
much_is_missed()
{
	link_cut
	until_st 10 "$1" health AD &&
		on "$1" 'dd if=/dev/urandom of=$DEV bs=1M count=100 seek=20 oflag=direct' &&
		rate "$2" && link_heal
}

resync_runs()
{
	[[ $(st a action) =~ resync|recover ]]
}

ok "b misses 100 MB" much_is_missed a 4000
primary=a
for ((i = 1; i <= 4; i++)); do
	ok "a resync runs ($i)" lab_until 15 resync_runs
	ok "$primary writes ($i)" writes "$primary" 20
	if [ "$i" = 2 ]; then
		link_cut
		sleep 1
		link_heal
		ok "connected ($i)" until_st 15 a link connected
		ok "$primary goes on ($i)" more_is_written
	fi
	writes_end
	ok "$primary is demoted ($i)" lab_until 5 ctl "$primary" demote
	primary=$(if [ "$primary" = a ]; then echo b; else echo a; fi)
	ok "$primary is promoted ($i)" lab_until 5 ctl "$primary" promote
	ok "nothing is lost ($i)" nothing_is_lost "$primary"
done
ok "the resync still runs" resync_runs
rate 0
ok "in sync" lab_until 60 in_sync
ok "the legs are the same" same_legs
ok "nothing is lost" nothing_is_lost a

# --- force ---------------------------------------------------------------------

said()
{
	on "$1" 'dmesg' | grep "r0-$1: stands alone: both legs were written apart from each other; .* to be lost"
}

ok "b misses 100 MB" much_is_missed a 4000
ok "a resync runs" lab_until 15 resync_runs
link_cut
ok "a is alone" until_st 10 a health AD
ok "so is b" until_st 10 b link connecting
nok "b, half full, is not promoted" ctl b promote --peer-fenced
ok "b is promoted by force" ctl b promote --force
ok "b writes" on b 'dd if=/dev/urandom of=$DEV bs=1M count=1 oflag=direct'
ok "a writes" writes a
writes_end
link_heal
ok "a sees a second primary" until_st 15 a link refused:two-primaries
ok "so does b" until_st 10 b link refused:two-primaries
ok "both are demoted" eval "ctl a demote && ctl b demote"
ok "the nodes meet" eval "ctl a connect && ctl b connect"
for node in a b; do
	ok "$node has split" until_st 15 $node link refused:split-brain
	ok "$node says so, and what to do" said $node
	like "$(ctl $node status 2>&1)" "netmirrorctl [a-z]+ r0" "the status of $node tells the command"
done
rate 0
ok "b gives way" ctl b invalidate
ok "the nodes meet" eval "ctl a connect && ctl b connect"
ok "in sync" lab_until 60 in_sync
ok "the legs are the same" same_legs
ok "b is promoted" ctl b promote
ok "nothing is lost" nothing_is_lost b
mirror_done
