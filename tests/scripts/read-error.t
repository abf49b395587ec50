#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# links: loop rdma
# check: 6.12-loop
#
#   application -> r0-a (primary) <-- link --> r0-b
#                    |
#                dm-flakey, whose reads fail for a while
#
# What the local leg cannot read is read from the peer, and written anew (I8).  With
# nobody else to ask the application gets the error.  dm-flakey of 6.1 cannot let
# reads alone fail, so there is no run on it.

set -u
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"

LAB_LEG_SIZE=64M
MIRROR_LEG_A=/dev/mapper/leg-a
mirror_boot

# reads fail|fail-some|succeed: of all data, of the fifth MiB of the data, of none
reads()
{
	local disk=/dev/disk/by-id/virtio-leg all=linear some=linear
	local fails="0 1 1 error_reads"

	case $1 in
	fail) all=flakey some=flakey ;;
	fail-some) some=flakey ;;
	esac
	# target TYPE FROM TO, in sectors
	on a "target()
		{
			echo \$2 \$((\$3 - \$2)) \$1 $disk \$2 \$([ \$1 = linear ] || echo $fails)
		}
		{
			target linear 0 2048; target $all 2048 10240; target $some 10240 12288
			target $all 12288 \$(blockdev --getsz $disk)
		} >/run/leg
		if dmsetup info leg-a >/dev/null 2>&1; then
			dmsetup suspend --noflush --nolockfs leg-a && dmsetup load leg-a /run/leg &&
			dmsetup resume leg-a
		else
			dmsetup create leg-a /run/leg
		fi"
}

sum()
{
	on "$1" 'dd if=$DEV bs=64k iflag=direct status=none | sha256sum'
}

ok "dm-flakey is there" on a "modprobe dm-flakey"
ok "the disk is under dm" reads succeed
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
