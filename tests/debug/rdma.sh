#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# rdma.sh - the mirror over RDMA on two guests with the debug kernel, as TAP:
#
#   r0-a (guest 1) <-- rxe --> r0-b (guest 2)
#
# The load on a goes through every way in which a session ends and another begins; then
# authentication fails, then the module goes. The judge is the host, which looks for
# complaints of the kernels (locks, memory) and for what was lost on the way.
#
# Takes what "build.sh guest" makes, and netmirrorctl, from $O.

set -u
here=$(dirname "$(readlink -f "$0")")
LAB_NM=$(realpath "${O:-$here/../../build}")
export LAB_KERNEL=debug LINK=rdma LAB_NM LAB_BOOT_TIMEOUT=180 LAB_LEG_SIZE=17M
# These guests are slow.
LAB_TIMEOUT=120
MIRROR_OPTIONS="timeout = 5s
active-zones = 2"
# shellcheck source=../scripts/mirror.sh
. "$here/../scripts/mirror.sh"

churn()
{
	lab_bg 1 churn 'nice /nm/debug/churn /dev/mapper/r0-a'
}

# What was read is what had been written, and nothing failed.
churn_done()
{
	lab_stop churn
	lab_wait churn || { cat "$(lab_out churn)"; return 1; }
}

# part_and_meet COUNT
part_and_meet()
{
	on a "for i in \$(seq $1); do
		dmsetup message r0-a 0 disconnect && dmsetup message r0-a 0 connect || exit
		for j in \$(seq 300); do
			! dmsetup status r0-a | grep -q ' primary connected ' || break
			sleep 0.1
		done
		[ \$j -lt 300 ] || exit
	done"
}

# up_with_secret NODE SECRET
up_with_secret()
{
	on "$1" "sed '/^link/a secret-file = /etc/netmirror/key' /host/r0.conf >/etc/netmirror/r0.conf
		umask 077; printf %064d '$2' >/etc/netmirror/key" && ctl "$1" up
}

down()
{
	ctl a down && ctl b down
}

mirror_boot
ok "the legs are made" mirror_create &&
	ok "both nodes are up and connected" mirror_up &&
	ok "a is promoted" ctl a promote || bail_out "no mirror"
ok "the nodes part and meet, 16 times" part_and_meet 16
churn
sleep 2
ok "and under load, 4 times" part_and_meet 4
lab_link_cut 1
ok "a cut is noticed" until_st 15 a health AD
lab_link_heal 1
ok "connected again" until_st 30 a link connected
for node in b a; do
	ok "the device of $node is removed" on "$node" 'rdma link delete rxe0'
	ok "a notices" until_st 15 a health AD
	ok "the device of $node is back" on "$node" 'rdma link add rxe0 type rxe netdev data0'
	ok "connected again" until_st 30 a link connected
done
ok "b is to be filled anew" ctl b invalidate
ok "and goes down in the middle" ctl b down
ok "b is up" ctl b up
ok "connected again" until_st 30 a link connected
ok "the load on a read what it had written" churn_done
ok "in sync" lab_until 60 in_sync
ok "a goes down, connected, as primary" ctl a down
ok "b goes down" ctl b down
ok "the legs are the same" same_legs

ok "a is up with a secret" up_with_secret a 1
ok "b is up with another one" up_with_secret b 2
ok "a is refused" until_st 30 a link refused:auth
ok "both go down" down
ok "a is up with a secret" up_with_secret a 1
ok "b is up with the same" up_with_secret b 1
ok "connected" until_st 30 a link connected
ok "both go down" down

ok "up and down, 5 times" eval 'for i in 1 2 3 4 5; do mirror_up && down || break; done'
ok "the module goes from a" on a 'rmmod dm_netmirror'
ok "and from b" on b 'rmmod dm_netmirror'
mirror_done
