#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# links: loop rdma
# check: 6.12-loop
#
#   application -> r0-a (primary) <-- link --> r0-b
#                    |
#              a SCSI disk, whose reads fail for a while
#
# What the local leg cannot read is read from the peer, and written anew (I8).  With
# nobody else to ask the application gets the error.

set -u
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"

LAB_LEG_SIZE=64M
MIRROR_LEG_A=/dev/leg-a
mirror_boot

# A disk in memory, of the kernel's own: some of its sectors can be read no more, when
# it is told so, but written.
disk()
{
	on a 'modprobe scsi_debug dev_size_mb=64 ndelay=1 && udevadm settle &&
		ln -s /dev/$(ls /sys/bus/pseudo/drivers/scsi_debug/adapter0/host*/target*/*/block) /dev/leg-a &&
		test -b /dev/leg-a'
}

# reads fail|fail-some|succeed: of all data, of the fifth MiB of the data, of none
reads()
{
	local start=0 count=0 opts=2

	case $1 in
	fail) start=2048 count=129024 ;;
	fail-some) start=10240 count=2048 ;;
	succeed) opts=0 ;;
	esac
	on a "cd /sys/module/scsi_debug/parameters && echo $start >medium_error_start &&
		echo $count >medium_error_count &&
		echo $opts >/sys/bus/pseudo/drivers/scsi_debug/opts"
}

data_of()
{
	on "$1" "dd if=$2 bs=1M skip=1 iflag=direct status=none | sha256sum"
}

# The disk of a is in its guest.
same_legs()
{
	local other=leg

	[ "$LINK" = rdma ] || other=other
	[ "$(data_of a /dev/leg-a)" = "$(data_of b "/dev/disk/by-id/virtio-$other")" ]
}

sum()
{
	on "$1" 'dd if=$DEV bs=64k iflag=direct status=none | sha256sum'
}

ok "there is a disk" disk
ok "the legs are made" mirror_create
ok "both nodes are up and connected" mirror_up
ok "a is promoted" ctl a promote
ok "something is written" on a 'dd if=/dev/urandom of=$DEV bs=1M count=32 oflag=direct'
before=$(sum a)

ok "reads of the leg fail" reads fail
is "$(sum a)" "$before" "the peer serves them"
ok "they were tried on the leg first" on a 'dmesg | grep "cannot read sector"'
ok "the peer was asked" [ "$(st a remote_reads)" -gt 0 ]
ok "what failed is written anew" lab_until 10 on a \
	'dmsetup status ${DEV##*/} | grep -o "repairs [1-9][0-9]*"'
is "$(st a health)/$(st b health)" AA/AA "both legs stay in use"
is "$(st a link_losses)" 0 "the link was never lost"
ok "reads of the leg succeed" reads succeed
is "$(sum a)" "$before" "nothing else was written"
ok "the legs are the same" same_legs

ok "the nodes part" ctl a disconnect
ok "reads of the leg fail" reads fail
nok "alone, a read fails" on a 'dd if=$DEV of=/dev/null bs=64k count=1 iflag=direct'
ok "reads of the leg succeed" reads succeed
ok "a read succeeds" on a 'dd if=$DEV of=/dev/null bs=64k count=1 iflag=direct'
ok "the nodes meet" ctl a connect
ok "in sync" lab_until 20 in_sync

ok "the nodes part again" ctl a disconnect
ok "much is written" on a 'dd if=/dev/urandom of=$DEV bs=1M count=16 oflag=direct status=none'
ok "reads of a part of the leg fail" reads fail-some
ok "the nodes meet" ctl a connect
# A MiB of 64 KiB regions.
ok "what can be read is copied" until_st 20 a dirty_regions 16
ok "what can't be is named" lab_until 10 on a 'dmesg | grep "16 regions are not copied, since their source cannot be read"'
is "$(st a health)" Aa "the peer's leg is not in sync"
ok "reads of the leg succeed" reads succeed
ok "it is tried again" on a 'dmsetup message ${DEV##*/} 0 resync'
ok "in sync" lab_until 20 in_sync
ok "the legs are the same" same_legs
mirror_done
