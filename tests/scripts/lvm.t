#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# links: rdma
# check: 6.12-rdma
#
#   guest 1                                     guest 2
#
#   /mnt/data: ext4                             snapshot of the leg, read-only
#   mirror data  <------------ rdma ----------> mirror data
#   LV vg/data, the leg                         LV vg/data, the leg
#   PV: disk "other"                            PV: disk "other"
#
#   LV vg_ha/srv                                LV vg_ha/srv, after failover
#   PV: mirror r0  <---------- rdma ----------> PV: mirror r0
#   disk "leg"                                  disk "leg"
#
# LVM below a mirror and above it.  What netmirrorctl makes is mounted after at most
# six commands, grows while it is written, and is copied from a snapshot of the
# secondary; a leg that was made smaller is not used (I9), and loses nothing (I1).  A
# volume group on a mirror goes where the mirror is promoted.  What Documentation/lvm.rst
# shows is done as it is there.

set -u
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"

LAB_DISKS="other:256M"
mirror_boot
# shellcheck source=doc.sh
. "$top/tests/scripts/doc.sh"
ok "the guests are alpha and beta" doc_hosts
tool=$top/userspace/netmirrorctl
cp "$tool/udev/61-netmirror.rules" "$tool/systemd/netmirror-up@.service" "$(lab_host)/"
for n in 1 2; do
	ok "node $n has the rules and a volume group" lab_run "$n" '
		cp /host/61-netmirror.rules /etc/udev/rules.d/ && udevadm control --reload
		modprobe loop && mkdir -p /mnt/data /mnt/srv /mnt/snap
		vgcreate vg /dev/disk/by-id/virtio-other'
done

# said WORDS NODE COMMAND: it fails and says so
said()
{
	local out

	if out=$(lab_run "$2" "$3" 2>&1); then
		echo "it did not fail"
		return 1
	fi
	printf '%s\n' "$out"
	[[ $out == *"$1"* ]]
}

# health NODE HEALTH: of the mirror data
health()
{
	[ "$(lab_run "$1" 'dmsetup status data' | awk '{ print $5 }')" = "$2" ]
}

# data_in_sync: at both ends
data_in_sync()
{
	health 1 AA && health 2 AA
}

# sum_of NODE: of the data on its leg
sum_of()
{
	lab_run "$1" 'dd if=/dev/vg/data bs=1M skip=1 count=128 iflag=direct status=none | md5sum'
}

# --- a mirror of volumes ----------------------------------------------------------

ok "a makes a mirrored volume" doc_run lvm lvcreate s/100G/64M/
ok "b makes its side" doc_run lvm lvcreate-peer
ok "a file system is made and mounted" doc_run lvm mount 's, /srv, /mnt/data,'
at_most "$doc_commands" 6 "from nothing to a mounted file system, in $doc_commands commands for both nodes"
ok "both legs are the same" lab_until 60 data_in_sync
is "$(lab_run 1 'blockdev --getsize64 /dev/netmirror/data')" $((64 << 20)) "the mirror has the size asked for"
for n in 1 2; do
	is "$(lab_run "$n" 'lvs --noheadings -o lv_name @netmirror' | xargs)" data \
		"the leg on node $n has the tag"
	like "$(lab_run "$n" 'lsblk -nro NAME,FSTYPE /dev/vg/data | head -n 1')" netmirror_member \
		"lsblk on node $n knows the leg"
	is "$(lab_run "$n" 'udevadm info -q property --property=SYSTEMD_WANTS --value /dev/vg/data')" \
		netmirror-up@data.service "and systemd would be asked to start the mirror"
done

# --- undone, refused -------------------------------------------------------

ok "a name that is taken is refused" said 'already exists in volume group' 1 \
	'netmirrorctl lvcreate -n data -L 64M vg --peer beta'
ok "another group than the configuration's is refused" said 'the volume group here is vg in' 1 \
	'netmirrorctl lvcreate -n data vg2'
ok "too much is refused" said 'insufficient free space' 1 \
	'netmirrorctl lvcreate -n big -L 1G vg --peer beta'
ok "somebody else's device of the name stops the last step" said 'there is another device-mapper device big' 1 \
	'dmsetup create big --table "0 8 zero" && netmirrorctl lvcreate -n big -L 16M vg --peer beta'
is "$(lab_run 1 'lvs --noheadings -o lv_name vg | xargs; ls /etc/netmirror | xargs; dmsetup remove big')" \
	$'data\ndata.conf r0.conf' "and nothing is left of it"

# --- growing, while it is written ------------------------------------------

lab_bg 1 writer 'i=0
	while [ ! -e /run/enough ]; do
		i=$((i + 1))
		yes "file $i" | head -c 20000 | dd of=/mnt/data/$i bs=20000 iflag=fullblock conv=fsync status=none &&
			echo $i || exit 1
	done'
files()
{
	tail -n 1 "$(lab_out writer)"
}

# more_files NR: that many more, from now on
more_files()
{
	local want=$(($(files) + $1))

	lab_until 30 eval "[ \"\$(files)\" -ge $want ]"
}

ok "files are written" lab_until 20 eval '[ "$(files)" ]'
ok "legs, mirror and file system grow" doc_run lvm growing s/150G/128M/ s/50G/64M/
ok "writing goes on" more_files 5
ok "both legs are the same" lab_until 60 data_in_sync
like "$(lab_run 1 'df -m --output=size /mnt/data | tail -n 1')" '1[0-9][0-9]' "the file system has the new size"

# --- a snapshot of the secondary -------------------------------------------

now=$(files)
ok "a snapshot of the leg on b is mounted" doc_run lvm snapshot 's/lvcreate/& -y/' s/5G/32M/ \
	s,/mnt,/mnt/snap,
ok "it has what was written by then" lab_run 2 "for i in \$(seq $now); do
	yes \"file \$i\" | head -c 20000 | cmp - /mnt/snap/\$i || exit; done"
ok "writing goes on" more_files 5
ok "the snapshot goes" lab_run 2 'umount /mnt/snap && losetup --detach-all && lvremove -y vg/snap'
ok "both legs are the same" lab_until 60 data_in_sync

# --- the units' commands ---------------------------------------------------

# unit NODE KEY: runs the lines of the unit
unit()
{
	lab_run "$1" "sed -n 's/^$2=-\\?//p' /host/netmirror-up@.service |
		while read -r line; do \${line//%i/data} || exit; done"
}

ok "what the unit stops by is refused while it is mounted" said 'in use by the mount at /mnt/data' 1 \
	'netmirrorctl demote --deactivate data'
ok "writing ends" lab_run 1 'touch /run/enough'
ok "without an error" lab_wait writer 20
last=$(files)
ok "the file system is unmounted" lab_run 1 'umount /mnt/data'
ok "the unit stops the mirror on a" lab_until 10 unit 1 ExecStop
unlike "$(lab_run 1 'netmirrorctl dump-md /dev/vg/data')" 'flags:.* primary' "which was demoted"
ok "b is promoted" lab_run 2 'netmirrorctl promote --peer-fenced data'
ok "the file system is well there" lab_run 2 'fsck.ext4 -fn /dev/netmirror/data'
ok "every file is there" lab_run 2 "mount /dev/netmirror/data /mnt/data &&
	for i in \$(seq $last); do yes \"file \$i\" | head -c 20000 | cmp - /mnt/data/\$i || exit; done"
ok "it is unmounted" lab_run 2 'umount /mnt/data'

# --- a leg that was made smaller -------------------------------------------

ok "the leg on a is made smaller" lab_run 1 'lvreduce --yes --force -L 100M vg/data'
ok "the unit does not start the mirror" said 'the device was made smaller' 1 \
	'netmirrorctl up data'
ok "nor does device-mapper" said 'too small' 1 'dmesg -C
	line=$(netmirrorctl up data --dry-run 2>&1); s=/dev/vg/data
	dmsetup create data --table "0 262144 netmirror - 128 2 $s 2048 rdma:10.77.0.2:7790/data 0 0 2 listen 10.77.0.1:7790"
	dmesg; false'
ok "it gets its size back" lab_run 1 'lvextend -L 132M vg/data'
ok "the unit starts the mirror" unit 1 ExecStart
ok "both legs are the same" lab_until 60 data_in_sync
ok "the leg is made smaller under the mirror" lab_run 1 'lvreduce --yes --force -L 100M vg/data'
ok "b writes where it has no leg on a" lab_run 2 \
	'dd if=/dev/urandom of=/dev/netmirror/data bs=1M count=1 seek=110 oflag=direct conv=fsync status=none'
ok "the leg on a has failed" lab_until 20 health 2 AD
ok "the leg has its size again, and is attached" lab_run 1 \
	'lvextend -L 132M vg/data && netmirrorctl attach data'
ok "both legs are the same" lab_until 60 data_in_sync
is "$(sum_of 1)" "$(sum_of 2)" "as a comparison says"
ok "b is removed" lab_run 2 'netmirrorctl lvremove data'
ok "and a" lab_run 1 'netmirrorctl lvremove data'
is "$(lab_run 1 'lvs --noheadings vg; ls /etc/netmirror; dmsetup ls')" $'r0.conf\nNo devices found' \
	"nothing is left"

# --- a volume group on a mirror --------------------------------------------

ok "the old configurations go" lab_run 1 'rm /etc/netmirror/r0.conf; ssh beta rm /etc/netmirror/r0.conf'
before=$doc_commands
ok "a volume group on a mirror, with a file system" doc_run lvm volume-group \
	s,/dev/vdb,/dev/disk/by-id/virtio-leg, 's/lvcreate/& -y/' s/50G/64M/ 's, /srv, /mnt/srv,'
steps=$((doc_commands - before))
at_most "$steps" 6 "from nothing to a mounted file system, in $steps commands for both nodes"
ok "it is written" lab_run 1 'echo here >/mnt/srv/file'
ok "it grows" lab_run 1 'lvextend -r -L 128M vg_ha/srv'
ok "both legs are the same" lab_until 90 eval '[[ $(lab_run 2 "dmsetup status r0") == *" AA "* ]]'
ok "a is not demoted meanwhile" said 'vgchange --activate n vg_ha' 1 'netmirrorctl demote r0'
ok "nor with the group" said 'contains a filesystem in use' 1 'netmirrorctl demote r0 --deactivate'
ok "it is unmounted, and is well" lab_run 1 'umount /mnt/srv && fsck.ext4 -fn /dev/vg_ha/srv'
ok "a is demoted with the group" lab_run 1 'netmirrorctl demote r0 --deactivate'
ok "b is promoted" lab_until 10 lab_run 2 'netmirrorctl promote r0'
ok "the group activates itself" lab_until 90 lab_run 2 '[ -e /dev/vg_ha/srv ]'
ok "and its file is there" lab_run 2 'mount /dev/vg_ha/srv /mnt/srv && grep here /mnt/srv/file'
ok "b lets go" lab_run 2 'umount /mnt/srv && netmirrorctl demote r0 --deactivate'
ok "a is promoted once more" lab_until 10 lab_run 1 'netmirrorctl promote r0'
ok "the group activates itself there, too" lab_until 90 lab_run 1 '[ -e /dev/vg_ha/srv ]'
ok "the legs are the same" same_legs
mirror_done
