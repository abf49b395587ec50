# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# dm-leg.sh - legs that can fail, for scenarios to source after mirror.sh, with
# MIRROR_LEG_A=/dev/mapper/leg-a and MIRROR_LEG_B=/dev/mapper/leg-b.
#
#   leg NODE STATE     makes the node's leg, or changes it under whoever uses it:
#                      well       all of it works
#                      slow       takes 100 ms for each request
#                      dead       nothing works
#                      deaf       the data do not, the metadata do
#                      forgetful  the metadata do not, the data do
#                      hasty      can be read, its metadata written, and not flushed
#   disk_of NODE       the name of the disk below it

disk_of()
{
	if [ "$1" = b ] && [ "$LINK" = loop ]; then echo other; else echo leg; fi
}

leg()
{
	local disk

	disk=/dev/disk/by-id/virtio-$(disk_of "$1")
	on "$1" "size=\$(blockdev --getsz $disk) head=2048
		case $2 in
		well) echo 0 \$size linear $disk 0 ;;
		slow) echo 0 \$size delay $disk 0 100 ;;
		dead) echo 0 \$size error ;;
		deaf) echo 0 \$head linear $disk 0
			echo \$head \$((size - head)) error ;;
		forgetful) echo 0 \$head error
			echo \$head \$((size - head)) linear $disk \$head ;;
		hasty) modprobe dm-flakey
			echo 0 \$head linear $disk 0
			echo \$head \$((size - head)) flakey $disk \$head 0 1 1 error_writes ;;
		esac >/run/leg-$1
		if dmsetup info leg-$1 >/dev/null 2>&1; then
			dmsetup suspend --noflush --nolockfs leg-$1 &&
			dmsetup load leg-$1 /run/leg-$1 && dmsetup resume leg-$1
		else
			dmsetup create leg-$1 /run/leg-$1
		fi"
}
