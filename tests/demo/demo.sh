#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# demo.sh - show a mirror at work on two guests, and check every claim on the way
# (make demo). $LAB_KERNEL selects the kernel of the guests, 6.1 by default. Ends with
# 0 only if everything held. What goes wrong leaves its consoles and logs behind.

# shellcheck disable=SC2016 # the guests expand

set -u
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=../scripts/mirror.sh
. "$here/../scripts/mirror.sh"
# shellcheck source-path=SCRIPTDIR source=steps.sh
. "$here/steps.sh"

# At most 16 zones of 16 MiB may be written at a time: what is copied after a crash.
# shellcheck disable=SC2034 # for mirror.sh and lab.sh
LAB_LEG_SIZE=2G MIRROR_OPTIONS='active-zones = 16'
package=freecad-common		# 1,900 files, 131 MB
iqn=iqn.2026-01.org.example:r0

# --- the data ----------------------------------------------------------------

# The package's files as they are unpacked, from the cache if they are there.
fetch_tree()
{
	local version cache

	[ -n "$(apt-cache show "$package" 2>/dev/null)" ] || apt-get update -q
	version=$(apt-cache policy "$package" | awk '/Candidate:/ { print $2 }')
	cache=${XDG_CACHE_HOME:-$HOME/.cache}/dm-netmirror/demo/${package}_${version//:/-}
	if [ ! -d "$cache" ]; then
		mkdir -p "$cache.new" && (cd "$cache.new" &&
			apt-get download -q "$package=$version" &&
			dpkg-deb -x ./*.deb tree && rm ./*.deb) || return
		mv "$cache.new" "$cache"
	fi
	cp -a "$cache/tree" "$(lab_host)/tree"
	tree_files=$(find "$cache/tree" -type f | wc -l)
	tree_mb=$(find "$cache/tree" -type f -printf '%s\n' |
		awk '{ n += $1 } END { printf "%d", n / 1e6 }')
}

# Adds the reports of acked.py on standard input to the manifest, where the last word
# about a file counts. A line that a power cut broke off is no report.
acknowledge()
{
	sed '/^[0-9a-f]\{64\}  \/.*$/!d' >>"$manifest"
	awk '{ sum[substr($0, 67)] = $1 } END { for (f in sum) print sum[f] "  " f }' \
		"$manifest" >"$manifest.tmp" && mv "$manifest.tmp" "$manifest"
}

write_acked()	# write_acked NODE MODE ARG...
{
	on "$1" "python3 /host/acked.py ${*:2}" >"$LAB_DIR/reports" &&
		acknowledge <"$LAB_DIR/reports"
}

check_manifest()	# check_manifest GUEST
{
	cp "$manifest" "$(lab_host)/manifest" &&
		lab_run "$1" 'echo 3 >/proc/sys/vm/drop_caches; sha256sum -c --quiet /host/manifest'
}

fio_verify()	# fio_verify GUEST
{
	lab_run "$1" "fio --name=verify --filename=/mnt/fio --size=48M --direct=1 \
		--ioengine=libaio --iodepth=8 --rw=randwrite --bsrange=4k-64k --fsync=64 \
		--verify=crc32c --do_verify=1 --verify_fatal=1 --minimal"
}

# --- what is measured ----------------------------------------------------------

# An application that writes 4 KiB at a time, for SECONDS, on the mirror's file system.
pulse_start()	# pulse_start NAME SECONDS
{
	lab_bg 1 "$1" "fio --name=$1 --filename=/mnt/pulse --size=4M --overwrite=1 --direct=1 \
		--rw=randwrite --bs=4k --rate_iops=100 --time_based --runtime=$2 \
		--output-format=json --output=/host/$1.json"
	sleep 3
}

longest_pause()	# longest_pause NAME: in milliseconds
{
	jq '.jobs[0].write.clat_ns.max / 1000000 | floor' "$(lab_host)/$1.json"
}

regions_mb()
{
	awk -v n="$1" 'BEGIN { printf "%.1f", n * 65536 / 1e6 }'
}

percent()
{
	awk -v n="$1" -v of="$2" 'BEGIN { printf "%.1f", 100 * n / of }'
}

# --- longer actions --------------------------------------------------------------

degraded_writes()
{
	write_acked a change /mnt/tree 40 &&
		write_acked a tree /host/tree/usr/share/freecad/Gui /mnt/apart
}

# As integration with initiators needs it: the portal comes last, when all is there.
export_mirror()
{
	lab_run 2 'modprobe -a target_core_mod target_core_iblock iscsi_target_mod &&
		mkdir -p $(cat /sys/kernel/config/target/dbroot)/{pr,alua} &&
		targetcli' <<-END
		set global auto_add_default_portal=false
		/backstores/block create name=r0 dev=/dev/mapper/r0-b
		/iscsi create $iqn
		/iscsi/$iqn/tpg1 set attribute authentication=0 generate_node_acls=1 demo_mode_write_protect=0 cache_dynamic_acls=1
		/iscsi/$iqn/tpg1/luns create /backstores/block/r0
		/iscsi/$iqn/tpg1/portals create 10.77.0.2
	END
}

initiator_disk=/dev/disk/by-path/ip-10.77.0.2:3260-iscsi-$iqn-lun-0

login()
{
	lab_run 1 "modprobe iscsi_tcp && iscsid &&
		iscsiadm -m discovery -t sendtargets -p 10.77.0.2 &&
		iscsiadm -m node -l && udevadm settle && test -b $initiator_disk"
}

stop_mirror()
{
	ctl a down && ctl b down
}

data_mb()
{
	echo $(($(stat -c %s "$(leg_file a)") / 1000000))
}

# --- steps -----------------------------------------------------------------------

step "Two machines with software RDMA between them"
mirror_boot
manifest=$LAB_DIR/manifest
cp "$here/acked.py" "$(lab_host)/"
say "Guests node1 and node2 run Linux $LAB_KVER; node a of the mirror is on node1,"
say "node b on node2. Each has a disk of 2 GiB for its leg of the mirror."
must "the files of Debian's package $package are at hand" fetch_tree
must "both legs are made (netmirrorctl create r0 --assume-clean)" mirror_create
must "both nodes are started and have found each other (netmirrorctl up r0)" mirror_up
must "a becomes primary (netmirrorctl promote r0)" ctl a promote
total=$(st a total)

step "A file system with $tree_files files ($tree_mb MB), each one fsynced"
must "mkfs.ext4 and mount" on a 'mkfs.ext4 -q -F $DEV && mount $DEV /mnt'
begin=$(millis)
LAB_TIMEOUT=240 must "each file is written, fsynced, and its checksum noted on the host" \
	write_acked a tree /host/tree /mnt/tree
took=$(seconds_since "$begin")
result "files written, each fsynced on both nodes" "$tree_files in $took s"
must "fio writes 48 MB at random and reads back what it wrote" fio_verify 1
must "both legs are in sync" in_sync

step "The link is cut while an application writes"
pulse_start cut 9
link_cut >/dev/null
must "a notices that the peer is gone, and goes on alone" until_st 10 a health AD
must "the application saw no error" lab_wait cut 40
result "longest pause of a write when the link broke" "$(longest_pause cut) ms"
must "every 40th file is changed, 100 and more are new" degraded_writes
changed=$(st a dirty_regions)
say "$changed of $total regions are marked: only a has their newest data."

step "The link is healed"
before=$(st a resync_regions)
begin=$(millis)
link_heal >/dev/null
must "both legs are in sync again" lab_until 60 in_sync
took=$(seconds_since "$begin")
copied=$(($(st a resync_regions) - before))
say "$copied regions were copied ($(regions_mb "$copied") MB), $(percent "$copied" "$total") % of the mirror."
result "resync after the cut: regions changed / copied / in all" "$changed / $copied / $total in $took s"
must "what changed was copied" [ "$copied" -ge "$changed" ]
must "and little more: less than a tenth of the mirror" [ $((copied * 10)) -lt "$total" ]

step "Power cut of the primary while it creates files"
lab_bg 1 writer 'python3 /host/acked.py forever /mnt/live'
sleep 8
begin=$(millis)
lab_power_cut 1
say "node1 has no power any more."
must "b notices that its peer is gone" until_st 10 b link connecting
must "b becomes primary (netmirrorctl promote r0 --peer-fenced)" ctl b promote --peer-fenced
result "from power cut to the promoted peer" "$(seconds_since "$begin") s"
live=$(sed '/^[0-9a-f]\{64\}  \/.*$/!d' "$(lab_out writer)" | wc -l)
acknowledge <"$(lab_out writer)"
must "the journal is replayed (mount, umount)" on b 'mount $DEV /mnt && umount /mnt'
must "e2fsck -fn finds a clean file system" on b 'e2fsck -fn $DEV'
must "it is mounted" on b 'mount $DEV /mnt'
must "files were acknowledged until the power went" [ "$live" -gt 20 ]
must "all $(wc -l <"$manifest") files that fsync acknowledged are there, checksums right" \
	check_manifest 2
result "files acknowledged in the last 8 s before the cut, lost" "$live, 0"

step "The old primary returns"
must "b, alone, writes some files" write_acked b tree /host/tree/usr/share/freecad/Mod/Path /mnt/b-alone
changed=$(st b dirty_regions)
before=$(st b resync_regions)
must "node1 has power again" lab_power_on 1
must "the module is loaded" mirror_load 1
begin=$(millis)
must "a is started (netmirrorctl up r0)" ctl a up
must "both legs are in sync again" lab_until 60 in_sync
took=$(seconds_since "$begin")
copied=$(($(st b resync_regions) - before))
say "b wrote $changed regions alone. What a wrote last may be on its disk or not, so its"
say "active zones, 16 at most, are copied as a whole: $copied regions ($(regions_mb "$copied") MB)"
say "in all, $(percent "$copied" "$total") % of the mirror."
result "resync of the old primary: regions copied / in all" "$copied / $total in $took s"
must "less than a quarter of the mirror was copied" [ $((copied * 4)) -lt "$total" ]

step "The mirror is exported with iSCSI, and node1 uses it over the network"
must "b lets go of the file system" on b 'umount /mnt'
LAB_TIMEOUT=120 must "b exports the mirror with LIO (targetcli)" export_mirror
LAB_TIMEOUT=120 must "node1 logs in (iscsiadm)" login
must "node1 mounts it" lab_run 1 "mount $initiator_disk /mnt"
must "fio writes and verifies through it" fio_verify 1
must "all $(wc -l <"$manifest") files are right, read through it" check_manifest 1
must "node1 unmounts and logs out" lab_run 1 "umount /mnt && iscsiadm -m node -u"
must "the export ends" lab_run 2 'targetcli clearconfig confirm=true'
must "e2fsck -fn finds a clean file system" on b 'e2fsck -fn $DEV'

step "Are the legs the same?"
must "b becomes secondary (netmirrorctl demote r0)" ctl b demote
must "both nodes stop (netmirrorctl down r0)" stop_mirror
must "the host finds no difference in $(data_mb) MB of data" same_legs
must "no kernel complained" lab_done
summary
