#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# links: rdma
# check: none
#
#   alpha, in guest 1 <-- link --> beta, in guest 2      disk "leg", disk "md" each
#
# What Documentation/migration.rst promises. Two disks with the same data, as DRBD leaves
# them, become a mirror in place: no byte of them changes, neither the data nor what is
# behind them, and a comparison finds them the same. Afterwards either disk is what it was.

set -u
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"

LAB_LEG_SIZE=128M
# shellcheck disable=SC2034 # for lab.sh
LAB_DISKS="md:16M"
mirror_boot
# shellcheck source=doc.sh
. "$top/tests/scripts/doc.sh"
disk=/dev/disk/by-id/virtio-leg

# A file system in the first 96 MiB, and behind it what DRBD has there.
old_data()
{
	lab_run 1 "rm /etc/netmirror/r0.conf; ssh beta rm /etc/netmirror/r0.conf
		mkfs.ext4 -q $disk 96M && mount $disk /mnt && cp -r /usr/bin /mnt/ && umount /mnt &&
		dd if=/dev/urandom of=$disk bs=1M seek=96 count=32 oflag=direct status=none &&
		ssh beta dd of=$disk bs=1M oflag=direct iflag=fullblock status=none <$disk"
}

sum_of_disk()
{
	lab_run "$1" "dd if=$disk bs=1M iflag=direct status=none | sha256sum"
}

migrated()
{
	doc_run migration drbd s,/dev/vg/r0-md,/dev/disk/by-id/virtio-md, \
		"s,/dev/vg/r0,$disk," "s/--size [0-9]*s/--size $((96 << 11))s/" &&
		lab_run 2 'netmirrorctl create r0 --assume-clean'
}

up()
{
	lab_run 1 'netmirrorctl up r0 && ssh beta netmirrorctl up r0' &&
		lab_until 20 lab_run 1 'netmirrorctl promote r0'
}

ok "the guests are alpha and beta" doc_hosts
ok "both disks have the same data" old_data
before=$(sum_of_disk 1)
is "$(sum_of_disk 2)" "$before" "byte by byte"
ok "a mirror is made of them" migrated
ok "it is up" up
ok "the legs are the same" lab_run 1 'netmirrorctl check r0 --wait'
is "$(lab_run 1 'netmirrorctl status r0 --json' | jq -c '[.counters.resync_regions, .sync.mismatches]')" \
	"[0,0]" "and nothing was copied"
is "$(sum_of_disk 1) $(sum_of_disk 2)" "$before $before" "no byte of the disks has changed"
ok "the file system is used" lab_run 1 'mount /dev/netmirror/r0 /mnt && diff -r --no-dereference /usr/bin /mnt/bin &&
	echo here >/mnt/file && umount /mnt'
ok "the mirror goes" lab_until 10 lab_run 1 'netmirrorctl demote r0 && netmirrorctl down r0 &&
	ssh beta netmirrorctl down r0'
for n in 1 2; do
	ok "the disk of guest $n is a file system as before" lab_run "$n" \
		"fsck.ext4 -fn $disk && mount -o ro $disk /mnt && grep here /mnt/file && umount /mnt"
	is "$(lab_run "$n" "dd if=$disk bs=1M skip=96 iflag=direct status=none | sha256sum")" \
		"$(lab_run 1 "dd if=$disk bs=1M skip=96 iflag=direct status=none | sha256sum")" \
		"and what is behind it is there"
done
mirror_done
