#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# links: rdma
# check: none
#
#   guest 3: asks for 10.77.0.100
#   guest 1: node1, r0, LVM <-- rdma, corosync --> guest 2: node2, r0, LVM
#
# The group of Documentation/pacemaker.rst as it is there: a volume group with a file
# system, and an address, move to the other node with what was written, when their node
# dies.

set -u
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"
# shellcheck source=cluster.sh
. "$top/tests/scripts/cluster.sh"

LAB_LEG_SIZE=128M
cluster_boot
lab_boot 3 || bail_out "guest 3 does not boot"

lvm_by_name()
{
	lab_run "$1" 'sed -i "s/.*# *system_id_source = .*/	system_id_source = \"uname\"/" /etc/lvm/lvm.conf &&
		[ "$(lvm systemid)" = "  system ID: $(hostname)" ]'
}

returns()
{
	rejoin "$1" && lvm_by_name "$1"
}

ok "LVM goes by the names of the nodes" lvm_by_name 1
ok "on both" lvm_by_name 2
ok "the mirror is configured" mirror_alone
ok "a node is promoted, both legs are in sync" wait_for well
p=$(promoted_on)
[ -n "$p" ] || bail_out "no node is promoted"
s=$(the_other "$p")

volume_group()
{
	lab_run "$p" "set -e; $(doc_crm volume-group)
		vgchange -q -an vg_ha; mkdir -p /srv"
}

lvm_group()
{
	doc_crm lvm | crm_do
}

answers()
{
	lab_run 3 'ping -c 1 -W 2 10.77.0.100'
}

ok "the volume group is made" volume_group
ok "the group is configured" lvm_group
ok "its address is up" wait_for started_on ip "$p"
ok "it answers" wait_for answers
ok "a file is written" lab_run "$p" 'dd if=/dev/urandom of=/srv/file bs=1M count=8 conv=fsync status=none &&
	sha256sum </srv/file >/host/sum'
lab_power_cut "$p"
ok "the group goes to the other node" wait_for started_on ip "$s"
ok "with the file" lab_run "$s" 'sha256sum </srv/file | cmp - /host/sum'
ok "the address answers" wait_for answers
ok "the dead node comes back" returns "$p"
ok "both legs are in sync" wait_for well
mirror_done
