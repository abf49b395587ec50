#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# links: loop rdma
# check: none
#
#   tmpfs, swapped out -> r0-a (swap) <-- link --> r0-b
#   dirty page cache   -> the rest of it
#
# A node with little memory swaps to the mirror, and fills the page cache with pages
# that only a write to the mirror can clean, while the peer is lost and comes back.
# Nothing deadlocks (I11), what was swapped out reads back as it was (I1, I8), and the
# legs are the same in the end (I7).

set -u
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"

LAB_LEG_SIZE=513M
# What the guest's own root takes is in it.
LAB_MEM=384
LAB_TIMEOUT=100
# A network driver that gets no memory in an interrupt says so, with a trace. What is a
# fault has a line of its own before the trace.
LAB_CONSOLE_ALLOW='Call Trace:$'
mirror_boot
ok "the legs are made" mirror_create
ok "both nodes are up and connected" mirror_up
ok "a is promoted" ctl a promote
ok "the mirror is swap and a disk" on a 'size=$(blockdev --getsz $DEV)
	echo 0 786432 linear $DEV 0 | dmsetup create swap &&
	echo 0 $((size - 786432)) linear $DEV 786432 | dmsetup create disk &&
	mkswap /dev/mapper/swap && swapon /dev/mapper/swap'
diag "$(on a 'free -m')"

ok "a file is more than the memory" on a 'mkdir -p /run/big && mount -t tmpfs -o size=340M tmpfs /run/big &&
	timeout 90 dd if=/dev/urandom of=/run/big/file bs=1M count=300 status=none &&
	sha256sum /run/big/file >/run/sum && free -m'
ok "some of it is swapped out" on a '[ $(awk "NR > 1 { print \$4 }" /proc/swaps) -gt 10000 ]'

# Reads all of it, which swaps it in and out, until it is ended.
lab_bg 1 reader 'while timeout 100 sha256sum --status -c /run/sum; do echo read; done; exit 1'
lab_bg 1 dirty 'fio --name=dirty --filename=/dev/mapper/disk --rw=randwrite --bs=64k \
	--size=100M --time_based --runtime=40'

reads()
{
	[ "$(wc -l <"$(lab_out reader)")" -gt "$1" ]
}

reads_go_on()
{
	lab_until 100 reads "$(($(wc -l <"$(lab_out reader)") + 1))"
}

ok "reads go on" reads_go_on
for i in 1 2 3; do
	link_cut
	ok "the peer is lost ($i)" until_st 15 a health AD
	ok "reads go on ($i)" reads_go_on
	link_heal
	ok "the peer is back ($i)" until_st 30 a link connected
	ok "in sync ($i)" lab_until 60 in_sync
done
ok "no write failed" lab_wait dirty 90
ok "reads go on" reads_go_on
lab_stop reader
ok "what was swapped out is as it was" on a 'timeout 90 sha256sum -c /run/sum'
diag "$(on a 'free -m')"
ok "the file is gone, and swap with it" on a 'umount /run/big && timeout 90 swapoff /dev/mapper/swap &&
	dmsetup remove --retry swap && dmsetup remove --retry disk'
ok "in sync" lab_until 60 in_sync
ok "the legs are the same" same_legs
mirror_done
