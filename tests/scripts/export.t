#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# links: rdma
# check: 6.12-rdma
#
#   r0-a in guest 1 <-- link --> r0-b in guest 2        each is the other's initiator
#
# The mirror as a SCSI disk, over each fabric of LIO: iSCSI, iSER, SRP and the loopback.
# It is the same disk from either node: identifier, serial number, ports.  What is
# exported cannot be demoted, and what is not primary cannot be exported.

set -u
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"

LAB_LEG_SIZE=64M
mirror_boot
# shellcheck source=initiator.sh
. "$top/tests/scripts/initiator.sh"
# shellcheck source=doc.sh
. "$top/tests/scripts/doc.sh"

# use GUEST: the disk is written and read
use()
{
	on_disk "$1" 'fio --name=use --filename=$SD --direct=1 --rw=randwrite \
		--bsrange=4k-64k --size=8M --verify=crc32c --minimal'
}

# identity GUEST: what an initiator knows the disk by; all but the ports of SRP, which
# are different ones on each node
identity()
{
	on_disk "$1" 'sg_inq $SD; sg_vpd -p sn $SD; sg_vpd -p di $SD; sg_rtpg -d $SD' |
		sed '/0x2d8[23]$/d'
}

exports()
{
	ctl "$1" export --iscsi --iser --srp --loopback --srp-port 5555 \
		--acl "$(initiator_name 1),$(initiator_name 2),$(srp_name 2)"
}

ok "the legs are made" mirror_create
ok "both nodes are up and connected" mirror_up
status_is 5 "a secondary is not exported" exports a
ok "a is promoted" ctl a promote
ok "initiators" eval 'initiator 1 && initiator 2'

# as Documentation/lio.rst has it
export_as_shown()
{
	doc_run lio export "s/iqn.1993-08.org.debian:01:abc/$(initiator_name 1)/" \
		"s/iqn.1993-08.org.debian:01:def/$(initiator_name 2)/" 's/$/ --node a/'
}

login_as_shown()
{
	doc_run lio login 's/10.77.0.9/10.77.0.1/' && lab_until 20 has_disk 2
}

srp_as_shown()
{
	doc_run lio srp "s/\$guid/$(guid 1)/g" && lab_until 20 has_disk 2
}

ok "a exports as the document says" export_as_shown
ok "b logs in as it says" login_as_shown
ok "b logs out" logout 2
ok "the export ends" ctl a unexport
ok "its section goes" on a 'sed -i "/^\[export\]/,\$d" /etc/netmirror/r0.conf'

ok "a exports with every fabric" exports a
ok "again: that is no error" ctl a export
status_is 5 "a cannot be demoted" ctl a demote
like "$(ctl a demote 2>&1)" 'export by LIO as r0 .netmirrorctl unexport' "it says why"
status_is 5 "nor stopped" ctl a down

ok "loopback: a has the disk" lab_until 10 has_disk 1
ok "loopback: it is used" use 1
ok "iSCSI: b logs in" login 2 10.77.0.1
ok "iSCSI: the disk is used" use 2
from_a=$(identity 2)
diag "$from_a"
like "$from_a" "0x$naa" "the identifier is made from the uuid"
like "$(on_disk 2 'cat /sys/block/${SD##*/}/queue/write_cache')" back \
	"the disk has a cache that is flushed, as the mirror has"
nok "it has no reservations, which would not follow it" on_disk 2 'sg_persist -r $SD'
ok "iSCSI: b logs out" logout 2
ok "iSER: b logs in" login 2 10.77.0.1 iser
ok "iSER: the disk is used" use 2
ok "iSER: b logs out" logout 2
ok "SRP: b logs in" srp_as_shown
ok "SRP: the disk is used" use 2
ok "SRP: b logs out" srp_logout 2

ok "a holds its disk of the loopback" on_disk 1 'mkfs.ext4 -q $SD && mount $SD /mnt'
status_is 5 "it is not taken away" ctl a unexport
ok "a unmounts" lab_run 1 'umount /mnt'
ok "the export ends" ctl a unexport
ok "again: that is no error" ctl a unexport
is "$(lab_run 1 'find /sys/kernel/config/target/{core,iscsi,loopback,srpt} -path "*r0*" -o -name "iqn*"')" \
	"" "nothing is left of it"
ok "a is demoted" lab_until 5 ctl a demote

ok "b is promoted" lab_until 5 ctl b promote
ok "b exports" exports b
ok "iSCSI: a logs in" login 1 10.77.0.2
is "$(identity 1)" "$from_a" "it is the same disk"
ok "iSCSI: the disk is used" use 1
ok "the export ends while a is logged in" ctl b unexport
ok "b is demoted" lab_until 5 ctl b demote
# Or the guest flushes the disk before it goes down, and waits for it to return.
ok "a logs out" logout 1
ok "the legs are the same" same_legs
mirror_done
