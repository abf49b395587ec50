#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# bench.sh - compare a mirror with its alternatives (make bench), all in one run on two
# guests with RAM disks, over the same network:
#
#   brd        the RAM disk alone: no network, no mirror
#   nvme-rdma  the other guest's RAM disk alone: network, no mirror
#   md         MD RAID 1, internal bitmap, its second leg write-mostly over nvme-rdma
#   drbd       DRBD 8.4, protocol C, over TCP
#   netmirror  over RDMA
#
# One row is one fio job of this directory. Times under emulation are noisy: every
# number is the median of some rounds, and each round measures everything in turn.
# Ends with 1 if netmirror is slower than md in any row.
#
#   BENCH_ROUNDS 3       BENCH_RUNTIME 6       seconds of a measurement
#   BENCH_TOLERANCE 5    percent that netmirror may be below md
#   BENCH_ROWS, BENCH_SYSTEMS    fewer of them; md and netmirror are always needed
#
# Results go to build/bench/results.json, and a bar chart if gnuplot is installed.

set -u
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=../scripts/mirror.sh
. "$here/../scripts/mirror.sh"
unset LAB_TRACE_FD

rounds=${BENCH_ROUNDS:-3}
runtime=${BENCH_RUNTIME:-6}
tolerance=${BENCH_TOLERANCE:-5}
# shellcheck disable=SC2034 # for lab.sh
LAB_MEM=2560 LAB_LEG_SIZE=4M
out=${O:-$top/build}/bench
read -ra rows <<<"${BENCH_ROWS:-randwrite-4k-qd1 randwrite-4k-qd16 write-1m-qd4 randread-4k-qd16}"
read -ra systems <<<"${BENCH_SYSTEMS:-brd nvme-rdma md drbd netmirror}"
declare -A device=(
	[brd]=/dev/ram0 [nvme-rdma]=/dev/nvme0n1 [md]=/dev/md0 [drbd]=/dev/drbd1
	[netmirror]=/dev/mapper/r0-a
)

bail_out()
{
	echo "bench.sh: $1" >&2
	exit 1
}

must()
{
	"${@:2}" >"$LAB_DIR/log" 2>&1 && return
	cat "$LAB_DIR/log" >&2
	bail_out "$1 cannot be set up"
}

# --- the systems: RAM disk N of both guests is for one of them ------------------

ram_disks()
{
	lab_run "$1" 'modprobe brd rd_nr=6 rd_size=262144'
}

# Namespace 1 is for nvme-rdma alone, 2 is md's second leg.
setup_nvme_rdma()
{
	# shellcheck disable=SC2016 # the guest expands
	lab_run 2 '
		set -e
		modprobe -a nvmet nvmet-rdma
		cd /sys/kernel/config/nvmet
		mkdir subsystems/bench
		echo 1 >subsystems/bench/attr_allow_any_host
		for n in 1 2; do
			mkdir subsystems/bench/namespaces/$n
			echo /dev/ram$n >subsystems/bench/namespaces/$n/device_path
			echo 1 >subsystems/bench/namespaces/$n/enable
		done
		mkdir ports/1
		echo rdma >ports/1/addr_trtype
		echo ipv4 >ports/1/addr_adrfam
		echo 10.77.0.2 >ports/1/addr_traddr
		echo 4420 >ports/1/addr_trsvcid
		ln -s $PWD/subsystems/bench ports/1/subsystems/bench' &&
	lab_run 1 'modprobe nvme-rdma &&
		nvme connect -t rdma -a 10.77.0.2 -s 4420 -n bench && udevadm settle &&
		test -b /dev/nvme0n1 && test -b /dev/nvme0n2'
}

setup_md()
{
	lab_run 1 'modprobe raid1 && mdadm --create /dev/md0 --run --assume-clean \
		--level=1 --raid-devices=2 --metadata=1.2 --bitmap=internal \
		/dev/ram2 --write-mostly /dev/nvme0n2'
}

setup_drbd()
{
	local n

	for n in 1 2; do
		lab_run "$n" '
			modprobe drbd
			echo "global { usage-count no; }" >/etc/drbd.conf
			cat >>/etc/drbd.conf' <<-END || return
			resource bench {
				net { protocol C; }
				device /dev/drbd1;
				disk /dev/ram3;
				meta-disk internal;
				on node1 { address 10.77.0.1:7789; }
				on node2 { address 10.77.0.2:7789; }
			}
			END
		lab_run "$n" 'drbdadm create-md --force bench && drbdadm up bench' || return
	done
	lab_run 1 'drbdadm wait-connect bench &&
		drbdadm new-current-uuid --clear-bitmap bench && drbdadm primary bench'
}

# RAM disks are born as zeroes, so the legs are the same.
setup_netmirror()
{
	on a 'sed -i "s,/dev/disk/by-id/virtio-leg,/dev/ram4,; s,/dev/disk/by-id/virtio-other,/dev/ram5," \
		/etc/netmirror/r0.conf' &&
	on b 'sed -i "s,/dev/disk/by-id/virtio-leg,/dev/ram4," /etc/netmirror/r0.conf' &&
	mirror_create && mirror_up && ctl a promote
}

# --- measuring --------------------------------------------------------------------

unit()
{
	if [[ $1 == *-1m-* ]]; then echo MB/s; else echo IOPS; fi
}

fill()
{
	lab_run 1 "dd if=/dev/zero of=${device[$1]} bs=1M count=128 oflag=direct"
}

measure()	# measure ROW SYSTEM: prints one number
{
	local what=iops

	[ "$(unit "$1")" = IOPS ] || what='bw_bytes / 1000000'
	lab_run 1 "BENCH_DEVICE=${device[$2]} BENCH_RUNTIME=$runtime \
		fio --output-format=json /host/$1.fio" |
		jq ".jobs[0] | (if .read.io_bytes > 0 then .read else .write end) | .$what * 10 | round / 10"
}

median()
{
	sort -n <<<"${1// /$'\n'}" | awk '{ v[NR] = $1 }
		END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

# One line that changes, on a terminal.
progress()
{
	[ ! -t 1 ] || printf '\r\033[K%s' "$1"
}

# --- results ----------------------------------------------------------------------

results_json()
{
	local row system

	for row in "${rows[@]}"; do
		for system in "${systems[@]}"; do
			jq -n --arg row "$row" --arg system "$system" --arg unit "$(unit "$row")" \
				--argjson median "${result[$row $system]}" \
				--argjson samples "[${samples[$row $system]// /,}]" \
				'{$row, $system, $unit, $median, $samples}'
		done
	done | jq -s --arg kernel "$LAB_KVER" --argjson rounds "$rounds" \
		--argjson runtime "$runtime" '{$kernel, $rounds, $runtime, results: .}'
}

table()
{
	local row system

	printf '%-20s %-5s' "median of $rounds" unit
	printf ' %10s' "${systems[@]}"
	echo
	for row in "${rows[@]}"; do
		printf '%-20s %-5s' "$row" "$(unit "$row")"
		for system in "${systems[@]}"; do
			printf ' %10.0f' "${result[$row $system]}"
		done
		echo
	done
}

ratios()
{
	local row system

	printf '%-26s' "relative to md"
	printf ' %10s' "${systems[@]}"
	echo
	for row in "${rows[@]}"; do
		printf '%-26s' "$row"
		for system in "${systems[@]}"; do
			printf ' %10s' "$(awk -v a="${result[$row $system]}" \
				-v b="${result[$row md]}" 'BEGIN { printf "%.2f", a / b }')"
		done
		echo
	done
}

verdict()
{
	local row slower=0

	for row in "${rows[@]}"; do
		awk -v n="${result[$row netmirror]}" -v md="${result[$row md]}" -v t="$tolerance" \
			'BEGIN { exit n < md * (1 - t / 100) }' && continue
		echo "netmirror is slower than md by more than $tolerance % in $row:" \
			"${result[$row netmirror]} against ${result[$row md]} $(unit "$row")"
		slower=1
	done
	return "$slower"
}

chart()
{
	command -v gnuplot >/dev/null || return 0
	jq -r --arg rows "${rows[*]}" '.results as $r | ($rows / " ")[] as $row |
		[$row] + [$r[] | select(.row == $row) | .median] | @tsv' \
		"$out/results.json" >"$out/results.tsv"
	gnuplot -e "data='$out/results.tsv'; out='$out/results.svg'; systems='${systems[*]}'" \
		"$here/bars.gp" && echo "chart: $out/results.svg"
}

# --- the run ----------------------------------------------------------------------

declare -A samples result
mirror_boot
cp "$here"/*.fio "$(lab_host)/"
for n in 1 2; do
	[ "$LINK" = loop ] && [ "$n" = 2 ] && continue
	must "RAM disks" ram_disks "$n"
done
for system in "${systems[@]}"; do
	[ "$system" = brd ] || must "$system" "setup_${system//-/_}"
	must "$system" fill "$system"
done
for ((round = 1; round <= rounds; round++)); do
	for row in "${rows[@]}"; do
		for system in "${systems[@]}"; do
			n=$(measure "$row" "$system")
			[[ $n =~ ^[0-9] ]] || bail_out "fio failed: $row on $system"
			samples[$row $system]+=${samples[$row $system]:+ }$n
			progress "round $round of $rounds: $row, $system: $n $(unit "$row")"
		done
	done
done
progress ''
for key in "${!samples[@]}"; do
	result[$key]=$(median "${samples[$key]}")
done

mkdir -p "$out"
results_json >"$out/results.json"
echo "Two guests, Linux $LAB_KVER, software RDMA, RAM disks, $runtime s each"
table
echo
ratios
echo
chart
echo "all samples: $out/results.json"
lab_done || bail_out "a kernel complained"
verdict
