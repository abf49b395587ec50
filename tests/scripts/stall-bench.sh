#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# stall-bench.sh - how long a writer waits when the other machine dies (make
# bench-stall): the longest write, of the guest's clock, in each of STALL_KILLS (20)
# kills, for
#
#   netmirror  over RDMA
#   drbd       DRBD 8.4, protocol C, over TCP
#   md         MD RAID 1, its second leg over nvme-rdma, whose timeouts are all 1 s
#   md-default the same with the defaults of nvme-rdma
#
# What does not go on after STALL_PATIENCE (40) s is killed once only.  The others have
# the defaults of Debian 12.  STALL_SYSTEMS: fewer of them.

set -u
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"

bail_out()
{
	echo "stall-bench.sh: $1" >&2
	exit 1
}

LINK=rdma
LAB_LEG_SIZE=64M
# shellcheck disable=SC2034 # for lab.sh
LAB_DISKS="drbd:64M md:64M"
MIRROR_OPTIONS=
read -ra systems <<<"${STALL_SYSTEMS:-netmirror drbd md md-default}"
declare -A device=(
	[netmirror]=/dev/mapper/r0-a [drbd]=/dev/drbd1 [md]=/dev/md0 [md-default]=/dev/md0
)
patience=${STALL_PATIENCE:-40}
mirror_boot
unset LAB_TRACE_FD

must()
{
	"${@:2}" >"$LAB_DIR/log" 2>&1 && return
	cat "$LAB_DIR/log" >&2
	bail_out "$1 failed"
}

# --- the systems: first_SYSTEM, again_SYSTEM after a kill, last_SYSTEM ---------------

first_netmirror()
{
	mirror_create && mirror_up && ctl a promote
}

again_netmirror()
{
	mirror_load 2 && ctl b up && until_st 20 b link connected && lab_until 30 in_sync
}

last_netmirror()
{
	lab_until 10 ctl a demote && ctl a down
}

drbd_config()
{
	lab_run "$1" 'modprobe drbd
		echo "global { usage-count no; }" >/etc/drbd.conf
		cat >>/etc/drbd.conf' <<-END
		resource stall {
			net { protocol C; }
			device /dev/drbd1;
			disk /dev/disk/by-id/virtio-drbd;
			meta-disk internal;
			on node1 { address 10.77.0.1:7789; }
			on node2 { address 10.77.0.2:7789; }
		}
		END
}

drbd_is_well()
{
	[ "$(lab_run 1 'drbdadm dstate stall')" = UpToDate/UpToDate ]
}

first_drbd()
{
	local n

	for n in 1 2; do
		drbd_config "$n" &&
			lab_run "$n" 'drbdadm create-md --force stall && drbdadm up stall' || return
	done
	lab_run 1 'drbdadm wait-connect stall &&
		drbdadm new-current-uuid --clear-bitmap stall && drbdadm primary stall'
}

again_drbd()
{
	drbd_config 2 && lab_run 2 'drbdadm up stall' && lab_until 60 drbd_is_well
}

last_drbd()
{
	lab_run 1 'drbdadm down stall'
}

nvme_target()
{
	# shellcheck disable=SC2016 # the guest expands
	lab_run 2 '
		set -e
		modprobe -a nvmet nvmet-rdma
		cd /sys/kernel/config/nvmet
		mkdir subsystems/stall
		echo 1 >subsystems/stall/attr_allow_any_host
		mkdir subsystems/stall/namespaces/1
		readlink -f /dev/disk/by-id/virtio-md >subsystems/stall/namespaces/1/device_path
		echo 1 >subsystems/stall/namespaces/1/enable
		mkdir ports/1
		echo rdma >ports/1/addr_trtype
		echo ipv4 >ports/1/addr_adrfam
		echo 10.77.0.2 >ports/1/addr_traddr
		echo 4420 >ports/1/addr_trsvcid
		ln -s $PWD/subsystems/stall ports/1/subsystems/stall'
}

# nvme_connect [OPTION...]: prints the device
nvme_connect()
{
	lab_run 1 "modprobe nvme-rdma && nvme connect -t rdma -a 10.77.0.2 -s 4420 -n stall $* &&
		if [ -n '$*' ]; then echo 1 | tee /sys/class/nvme/nvme*/fast_io_fail_tmo; fi &&
		udevadm settle && ls /dev/nvme*n1"
}

nvme_options()
{
	[ "$1" = md-default ] || echo --keep-alive-tmo=1 --reconnect-delay=1 --ctrl-loss-tmo=1
}

first_md()
{
	local n

	for n in 1 2; do
		lab_run $n 'mdadm --stop --scan 2>/dev/null
			mdadm --zero-superblock /dev/disk/by-id/virtio-md 2>/dev/null; :'
	done
	nvme_target && nvme_connect "$(nvme_options "$system")" &&
		lab_run 1 'modprobe raid1 && mdadm --create /dev/md0 --run --assume-clean \
			--level=1 --raid-devices=2 --metadata=1.2 --bitmap=internal \
			/dev/disk/by-id/virtio-md --write-mostly /dev/nvme*n1'
}

last_md()
{
	lab_run 1 'nvme disconnect -n stall; sleep 1; mdadm --stop /dev/md0'
}

# A new array each time: what is measured is the same.
again_md()
{
	last_md && first_md
}

# --- measuring ------------------------------------------------------------------------

# measure SYSTEM: prints the longest write in milliseconds around a kill of guest 2
measure()
{
	local out

	writer=$((${writer-0} + 1))
	out=$(lab_out "writer$writer")
	: >"$out"
	lab_bg 1 "writer$writer" "/nm/testtools/journal write ${device[$1]} $((writer * 1000000))"
	lab_until 20 more_than 500 "$out" || return
	sleep "0.$((RANDOM % 9 + 1))"
	lab_power_cut 2
	before=$(wc -l <"$out")
	if ! lab_until "$patience" more_than $((before + 100)) "$out"; then
		pause=$((patience * 1000))
		stuck=yes
		return
	fi
	lab_stop "writer$writer"
	lab_wait "writer$writer" 20
	pause=$(awk '$3 > most { most = $3 } END { print most + 0 }' "$out")
}

more_than()
{
	[ "$(wc -l <"$2")" -gt "$1" ]
}

row()
{
	sort -n <<<"${samples[$1]// /$'\n'}" | awk -v name="$1" -v mark="${2-}" '{ v[NR] = $1 }
		END { printf "%-12s %6d %8d %8d %7s%d\n", name, NR, v[1], v[int((NR + 1) / 2)], mark, v[NR] }'
}

declare -A samples given_up
for system in "${systems[@]}"; do
	kills=${STALL_KILLS:-20}
	name=${system%%-*} stuck=no
	must "$system" "first_$name"
	for ((i = 1; i <= kills; i++)); do
		measure "$system" || bail_out "$system does not write"
		samples[$system]+=${samples[$system]:+ }$pause
		echo "$system, kill $i of $kills: $pause ms"
		# Who waits for the dead machine cannot be ended.
		guests=(2)
		[ $stuck = no ] || { lab_power_cut 1; guests=(1 2); }
		lab_boot "${guests[@]}" || bail_out "the guests do not boot"
		if [ $stuck = yes ]; then
			given_up[$system]='>'
			break
		fi
		[ "$i" = "$kills" ] || must "$system" "again_$name"
	done
	[ $stuck = yes ] || must "$system" "last_$name"
done
echo
echo "Longest write when the peer is killed, milliseconds, Linux $LAB_KVER"
printf '%-12s %6s %8s %8s %8s\n' "" kills least median most
for system in "${systems[@]}"; do row "$system" "${given_up[$system]-}"; done
lab_check_consoles || :
# shellcheck disable=SC2034 # for lab.sh
lab__failed=0
