# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# initiator.sh - SCSI initiators in the guests, for scenarios that export the mirror.
# Source it after mirror_boot.
#
#   initiator GUEST                 gets an iSCSI initiator ready: $(initiator_name GUEST)
#   srp_name GUEST                 prints what the ACL calls its SRP initiator
#   login GUEST ADDRESS [TRANSPORT] logs in with tcp or iser, waits for the disk
#   logout GUEST                    logs out of all targets
#   srp_login GUEST ADDRESS PORT    logs in to the SRP target of that address
#   has_disk GUEST, no_disk GUEST   is the mirror there as a SCSI disk?
#
# In a guest, $SD is the name of the disk: "on_disk GUEST COMMAND".

# The NAA identifier that LIO makes from the uuid of mirror.sh's mirror.
# shellcheck disable=SC2034 # for scenarios
naa=60014050b5fd2e47a4c4a5e9d0c3c1f0
disk_link=/dev/disk/by-id/wwn-0x$naa

initiator_name()
{
	echo "iqn.2026-11.org.example:guest$1"
}

initiator()
{
	lab_run "$1" "modprobe -a iscsi_tcp ib_iser ib_srp sd_mod &&
		echo InitiatorName=$(initiator_name "$1") >/etc/iscsi/initiatorname.iscsi &&
		sed -i 's/^\\(node.conn.0..timeo.noop_out_interval\\|node.conn.0..timeo.noop_out_timeout\\) .*/\\1 = 2/' \
			/etc/iscsi/iscsid.conf &&
		{ pgrep -x iscsid || iscsid; }" && lab_until 10 lab_run "$1" 'pgrep -x iscsid'
}

on_disk()
{
	lab_run "$1" "SD=\$(readlink -f $disk_link); test -b \$SD || exit; $2"
}

has_disk()
{
	lab_run "$1" "udevadm settle; test -b $disk_link"
}

no_disk()
{
	! has_disk "$1"
}

login()
{
	lab_run "$1" "iscsiadm -m discovery -t sendtargets -p $2 -I ${3-default} &&
		iscsiadm -m node -p $2 -I ${3-default} -l" && lab_until 20 has_disk "$1"
}

logout()
{
	lab_run "$1" 'iscsiadm -m node -u && iscsiadm -m node -o delete' &&
		lab_until 10 no_disk "$1"
}

guid()
{
	lab_run "$1" 'cat /sys/class/infiniband/rxe0/node_guid' | tr -d :
}

srp_name()
{
	echo "0x0000000000000000$(guid "$1")"
}

# Without an InfiniBand fabric the target is found by address, of node1 for 10.77.0.1.
srp_login()
{
	local guid

	guid=$(guid "${2##*.}")
	lab_run "$1" "echo id_ext=$guid,ioc_guid=$guid,dest=$2:$3 \
		>/sys/class/infiniband_srp/srp-rxe0-1/add_target" && lab_until 20 has_disk "$1"
}

srp_logout()
{
	lab_run "$1" 'for port in /sys/class/srp_remote_ports/port-*; do
			echo 1 >$port/delete
		done' && lab_until 10 no_disk "$1"
}
