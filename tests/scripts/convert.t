#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# links: rdma
# check: 6.12-rdma
#
#   guest 1                                        guest 2
#
#   vg: one <- durable writes, two, its snapshot
#   PV: disk "leg" -> PV: mirror r0  <--- rdma ---> mirror r0
#                         disk "leg", disk "md"     disk "leg", disk "md"
#
# A physical volume in use becomes a mirror by netmirrorctl convert, under durable
# writes, and back again.  What does not fit is refused, and what fails goes back or
# goes on where it was interrupted.  No write is lost (I1), and the legs are the same
# in the end (I7).

set -u
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"

LAB_LEG_SIZE=128M
# shellcheck disable=SC2034 # for lab.sh
LAB_DISKS="md:16M"
mirror_boot
# shellcheck source=doc.sh
. "$top/tests/scripts/doc.sh"
ok "the guests are alpha and beta" doc_hosts
disk=/dev/disk/by-id/virtio-leg
convert="netmirrorctl convert r0 --leg $disk --metadata /dev/disk/by-id/virtio-md --peer-name beta"
ok "a volume group is in use" lab_run 1 "
	rm /etc/netmirror/r0.conf
	pvcreate $disk && vgcreate vg $disk &&
	lvcreate -y -n one -L 32M vg && lvcreate -y -n two -L 16M vg &&
	mkfs.ext4 -q /dev/vg/two && mkdir -p /mnt/two && mount /dev/vg/two /mnt/two &&
	echo here >/mnt/two/file && lvcreate -y -s -n snap -L 8M vg/two"

# filter NODE PATTERNS: what LVM is told there
filter()
{
	lab_run "$1" "cat >/etc/lvm/lvm.conf" <<<"devices { global_filter = [ $2 ] }"
}

# under DEVICE: which devices are stacked on it, on guest 1
under()
{
	lab_run 1 "for h in /sys/class/block/\$(basename \$(readlink -f $1))/holders/*; do
		cat \$h/dm/name; done" | sort | xargs
}

# refused WORDS COMMAND: it fails, says so, and nothing has changed
refused()
{
	local out before

	before=$(lab_run 1 'dmsetup table; ls /etc/netmirror')
	if out=$(lab_run 1 "$2" 2>&1); then
		echo "it did not fail"
		return 1
	fi
	printf '%s\n' "$out"
	[[ $out == *"$1"* ]] && [ "$(lab_run 1 'dmsetup table; ls /etc/netmirror')" = "$before" ]
}

# writing, writing_ends, nothing_is_lost: the journal on vg/one
acked=$(lab_host)/acked
runs=0
writing()
{
	runs=$((runs + 1))
	lab_bg 1 "writer$runs" "/nm/testtools/journal write /dev/vg/one ${runs}000000"
	lab_until 20 written 300
}

written()
{
	[ "$(wc -l <"$(lab_out "writer$runs")")" -gt "$1" ]
}

writing_goes_on()
{
	lab_until 20 written $(($(wc -l <"$(lab_out "writer$runs")") + 100))
}

writing_ends()
{
	lab_stop "writer$runs"
	lab_wait "writer$runs" 20
	cat "$(lab_out "writer$runs")" >>"$acked"
}

nothing_is_lost()
{
	lab_run "$1" '/nm/testtools/journal check /dev/vg/one </host/acked'
}

connected_in_sync()
{
	[ "$(lab_run 2 'dmsetup status r0' | awk '{ print $5, $7, $10 }')" = "AA idle connected" ]
}

# status_of_undo NODE WANT
status_of_undo()
{
	local status=0

	lab_run "$1" 'netmirrorctl convert r0 --undo' || status=$?
	[ "$status" = "$2" ]
}

lvs="vg-one vg-snap-cow vg-two-real"
is "$(under $disk)" "$lvs" "its volumes sit on the disk"
ok "one of them is written" writing

# --- what is refused -------------------------------------------------------

ok "a disk that LVM will find again is refused" refused 'global_filter = [ "r|' "$convert"
filter 1 '"r|^/dev/disk/by-id/virtio-leg$|"'
ok "metadata in the same group are refused" refused 'use a device outside of the volume group vg' \
	"${convert/\/dev\/disk\/by-id\/virtio-md//dev/vg/two}"
ok "a disk that is no physical volume is refused" refused 'Failed to find physical volume' \
	"${convert/virtio-leg/virtio-md}"
ok "another user of the disk is refused" refused 'also used by stranger' \
	"dmsetup create stranger --table '0 8 linear $disk 200000'
	 $convert; status=\$?; dmsetup remove stranger; exit \$status"
like "$(lab_run 1 "$convert --dry-run")" 'vgchange --refresh .* vg' "a dry run tells the commands"
is "$(under $disk)" "$lvs" "and changes nothing"
filter 1 '"r|.*|"'
ok "a filter that hides the mirror, too: all goes back" refused 'everything is as it was before' "$convert"
filter 1 '"r|^/dev/disk/by-id/virtio-leg$|"'
ok "writing goes on" writing_goes_on

# --- interrupted, and on again ---------------------------------------------

ok "it dies before LVM moves anything" lab_run 1 "
	mkdir -p /run/dies && printf '#!/bin/sh\nkill -KILL \$PPID\n' >/run/dies/vgchange &&
	chmod +x /run/dies/vgchange
	PATH=/run/dies:\$PATH $convert; [ \$? = 137 ]"
is "$(under $disk)" "r0 $lvs" "the mirror is there, the volumes are on the disk"
ok "it goes on" lab_run 1 'netmirrorctl convert r0'
is "$(under $disk)" r0 "only the mirror is on the disk"
is "$(under /dev/mapper/r0)" "$lvs" "and the volumes on the mirror"
ok "once more does no harm" lab_run 1 'netmirrorctl convert r0'
ok "writing goes on" writing_goes_on
ok "the other node gets the configuration" lab_run 1 'scp /etc/netmirror/r0.conf beta:/etc/netmirror/'
ok "a leg, and is up" doc_run lvm convert-peer
ok "all is copied" lab_until 90 connected_in_sync
ok "writing goes on" writing_goes_on
writing_ends
ok "nothing is lost" nothing_is_lost 1
ok "all is written" lab_run 1 'sync; fsfreeze --freeze /mnt/two; fsfreeze --unfreeze /mnt/two'
ok "both legs are the same" lab_until 20 connected_in_sync
ok "byte by byte" lab_cmp_legs "$(lab_leg 1)" "$(lab_leg 2)"

# --- and back --------------------------------------------------------------

ok "the volume is written" writing
ok "the mirror goes away" lab_run 1 'netmirrorctl convert r0 --undo'
is "$(under $disk)" "$lvs" "the volumes are on the disk again"
is "$(lab_run 1 'ls /etc/netmirror; netmirrorctl probe /dev/disk/by-id/virtio-md')" "" \
	"nothing is left of the mirror"
ok "writing goes on" writing_goes_on

# --- and over to the other node --------------------------------------------

ok "the other node is down" lab_run 2 'netmirrorctl down r0'
ok "it is converted again" doc_run lvm convert "s,/dev/vdb,$disk," s,/dev/vdc,/dev/disk/by-id/virtio-md,
ok "the other node takes part again" doc_run lvm convert-peer 's/create/& --force/'
ok "all is copied" lab_until 90 connected_in_sync
ok "a secondary cannot go back" status_of_undo 2 5
writing_ends
ok "nothing is lost" nothing_is_lost 1
ok "the group moves" lab_run 1 'umount /mnt/two && netmirrorctl demote --deactivate r0'
filter 2 '"r|^/dev/disk/by-id/virtio-leg$|"'
ok "to the other node" lab_run 2 'netmirrorctl promote r0'
ok "where it activates itself" lab_until 90 lab_run 2 '[ -e /dev/vg/one ]'
ok "nothing is lost there" nothing_is_lost 2
ok "nor in the file system" lab_run 2 'mount /dev/vg/two /mnt && grep here /mnt/file && umount /mnt'
mirror_done
