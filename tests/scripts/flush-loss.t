#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# links: rdma
# check: none
#
#   r0-a in guest 1 <-- link --> r0-b in guest 2, each on a disk with a volatile cache
#
# Machines lose power, and their disks lose what was not flushed, or half of it: the
# secondary's, the primary's, both, that of a primary that was alone, both within a
# resync.  Every write that was acknowledged as durable is on whichever leg goes on
# (I1, I2, I4), a copy has the right direction (I5), and the legs are the same in the
# end, where nobody had asked for durability too (I3, I7).  FLUSH_ROUNDS (1) of all that.

set -u
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"
# shellcheck source=lossy.sh
. "$top/tests/scripts/lossy.sh"

LAB_LEG_SIZE=64M
mirror_boot
# shellcheck source=journal.sh
. "$top/tests/scripts/journal.sh"
ok "the legs are made" mirror_create
ok "both nodes are up and connected" mirror_up
ok "a is promoted" ctl a promote

# begin NAME NODE: durable writes, and others that flush nothing
begin()
{
	ok "$1: $2 writes" writes "$2" 500
	load "$2" "bulk$writers" --rw=randwrite --bsrange=4k-64k --iodepth=8 --norandommap \
		--offset=10M --size=50M --rate_iops=100 --time_based --runtime=300
	sleep "1.$((RANDOM % 10))"
}

end()
{
	writes_end
	lab_stop "bulk$writers" INT 2>/dev/null
	lab_wait "bulk$writers" 20
}

well()
{
	ok "$1: in sync" lab_until 60 in_sync
	ok "$1: the legs are the same" same_legs
	ok "$1: nothing is lost" nothing_is_lost "$2"
}

# returns NODE: it boots, is connected and secondary
returns()
{
	back "$(guest "$1")" && ctl "$1" up && until_st 20 "$1" link connected &&
		st_is "$1" role secondary
}

for ((round = 1; round <= ${FLUSH_ROUNDS:-1}; round++)); do
	name="the secondary ($round)"
	begin "$name" a
	ok "$name: loses power" power_lost 2
	ok "$name: a goes on" more_is_written
	ok "$name: returns" returns b
	ok "$name: a still goes on" more_is_written
	end
	well "$name" a

	name="the primary ($round)"
	begin "$name" a
	ok "$name: loses power" power_lost 1
	end
	ok "$name: b notices" until_st 10 b link connecting
	ok "$name: b is promoted" ctl b promote --peer-fenced
	ok "$name: nothing is lost" nothing_is_lost b
	begin "$name" b
	ok "$name: returns" returns a
	end
	well "$name" b
	ok "$name: the roles are as before" eval "ctl b demote && ctl a promote"

	name="both ($round)"
	begin "$name" a
	ok "$name: lose power" power_lost 1 2
	end
	ok "$name: return" back 1 2
	ok "$name: connected" mirror_up
	node=$([ $((round % 2)) = 1 ] && echo b || echo a)
	ok "$name: $node is promoted" ctl "$node" promote
	ok "$name: nothing is lost" nothing_is_lost "$node"
	well "$name" "$node"
	[ "$node" = a ] || ok "$name: the roles are as before" eval "ctl b demote && ctl a promote"

	name="a primary alone ($round)"
	begin "$name" a
	lab_link_cut 1
	ok "$name: goes on" eval "until_st 10 a health AD && more_is_written"
	sleep "0.$((RANDOM % 10))"
	ok "$name: loses power" power_lost 1
	end
	lab_link_heal 1
	ok "$name: returns" returns a
	ok "$name: nothing is lost" eval "ctl a promote && nothing_is_lost a"
	well "$name" a

	name="within a resync ($round)"
	ok "$name: a is alone" eval "lab_link_cut 1; until_st 10 a health AD"
	ok "$name: much is changed" on a \
		'dd if=/dev/urandom of=$DEV bs=1M count=40 seek=15 oflag=direct'
	on a 'dmsetup message ${DEV##*/} 0 resync_rate 8000'
	lab_link_heal 1
	ok "$name: it runs" until_st 15 a action resync
	begin "$name" a
	ok "$name: both lose power" power_lost 1 2
	end
	ok "$name: both return" eval "back 1 2 && mirror_up"
	ok "$name: a is promoted" ctl a promote
	well "$name" a
done
mirror_done
