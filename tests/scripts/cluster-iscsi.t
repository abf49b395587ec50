#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# links: rdma
# check: none
#
#   guest 3: open-iscsi, the writer
#      |  10.77.0.100
#   guest 1: node1, r0, LIO <-- rdma, corosync --> guest 2: node2, r0, LIO
#
# The disk of Documentation/pacemaker.rst as it is there. An initiator's writes go on
# after a planned move and after the death of the target, and none that was acknowledged
# is lost (I1).

set -u
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"
# shellcheck source=cluster.sh
. "$top/tests/scripts/cluster.sh"

LAB_LEG_SIZE=128M
cluster_boot
lab_boot 3 || bail_out "the initiator does not boot"

ok "the mirror is configured" mirror_alone
ok "a node is promoted, both legs are in sync" wait_for well
p=$(promoted_on)
[ -n "$p" ] || bail_out "no node is promoted"
s=$(the_other "$p")

disk_group()
{
	doc_crm iscsi | crm_do
}

login()
{
	lab_run 3 'modprobe iscsi_tcp && { pidof iscsid >/dev/null || iscsid; } &&
		iscsiadm -m discovery -t st -p 10.77.0.100 &&
		iscsiadm -m node -o update -n node.session.timeo.replacement_timeout -v 600 &&
		iscsiadm -m node --login && udevadm settle'
}

disk='/dev/disk/by-path/ip-10.77.0.100:3260-iscsi-iqn.2026-01.org.example:r0-lun-0'
writes_on_initiator()
{
	LAB_BG_TIMEOUT=7200 lab_bg 3 initiator "/nm/testtools/journal write $disk 1000000"
}

lines()
{
	wc -l <"$(lab_out initiator)"
}

has_written()
{
	[ "$(lines)" -gt "$1" ]
}

more_on_initiator()
{
	wait_for has_written $(($(lines) + 50))
}

longest()
{
	awk '$3 > most { most = $3 } END { print most + 0 }' "$(lab_out initiator)"
}

ok "the group is configured" disk_group
ok "it is up" wait_for started_on ip "$p"
ok "an initiator logs in" login
ok "and writes" writes_on_initiator
ok "writes" more_on_initiator
ok "the mirror is moved" cluster_crm "$p" "resource move ms-r0 node$s"
ok "the target is on the other node" wait_for started_on ip "$s"
ok "the initiator goes on" more_on_initiator
diag "its longest write took $(longest) ms"
ok "the mirror may be anywhere again" cluster_crm "$p" "resource clear ms-r0"
ok "both legs are in sync" wait_for well
lab_power_cut "$s"
ok "the target dies: the other node has it" wait_for started_on ip "$p"
ok "the initiator goes on" more_on_initiator
diag "its longest write took $(longest) ms"
lab_stop initiator
lab_wait initiator 60
nothing_is_lost_there()
{
	awk 'NF == 3 { print $1, $2 }' "$(lab_out initiator)" >"$(lab_host)/acked" &&
		lab_run 3 "/nm/testtools/journal check $disk </host/acked"
}
ok "nothing is lost" nothing_is_lost_there
ok "the dead node comes back" rejoin "$s"
ok "both legs are in sync" wait_for well
ok "the initiator logs out" lab_run 3 'iscsiadm -m node --logout'
mirror_done
