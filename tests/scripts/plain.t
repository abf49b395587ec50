#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# links: rdma
# check: 6.12-rdma
#
#   guest 1: alpha, r0 <-- rdma --> guest 2: beta, r0
#
# A mirror without any tool but dmsetup: what Documentation/dm-netmirror.rst shows is done
# as it is there, and has the result that it promises.

set -u
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"

LAB_LEG_SIZE=128M
mirror_boot
# shellcheck source=doc.sh
. "$top/tests/scripts/doc.sh"

# with the disk and the sizes of this lab
here=('s,/dev/vdb,/dev/disk/by-id/virtio-leg,' s/2095104/129024/ s/4190208/260096/ 's, /srv$, /mnt,')

# field NODE NR: of the status line of r0
field()
{
	lab_run "$1" 'dmsetup status r0' | awk -v nr="$2" '{ print $nr }'
}

field_is()
{
	[ "$(field "$1" "$2")" = "$3" ]
}

both_in_sync()
{
	field_is 1 5 AA && field_is 2 5 AA
}

both()
{
	lab_run 1 "$1" && lab_run 2 "$1"
}

write_at()
{
	lab_run "$1" "dd if=/dev/urandom of=/dev/mapper/r0 bs=1M count=1 seek=$2 oflag=direct conv=fsync status=none"
}

ok "the guests are alpha and beta" doc_hosts
ok "the legs are made" mirror_create --size 63M --assume-clean

ok "create: the tables are loaded" doc_run dm-netmirror create "${here[@]}"
ok "both legs are in sync" lab_until 30 both_in_sync
is "$(field 1 9) $(field 2 9)" "secondary secondary" "nobody is primary"

ok "patience: another table" doc_run dm-netmirror patience "${here[@]}"
ok "both legs are in sync" lab_until 30 both_in_sync
like "$(lab_run 2 'dmsetup table r0')" 'resync_rate 100000 timeout_ms 2000|timeout_ms 2000 resync_rate 100000' \
	"the settings are in force"
ok "alpha gets it, too" lab_run 1 'line="0 129024 netmirror - 128 2 /dev/disk/by-id/virtio-leg 2048"
	dmsetup reload r0 --table "$line rdma:10.77.0.2:7790/r0 0 0 2 timeout_ms 2000" && dmsetup resume r0'
ok "both legs are in sync" lab_until 30 both_in_sync

ok "use: alpha, then beta" doc_run dm-netmirror use "${here[@]}"
is "$(field 1 9) $(field 2 9)" "secondary primary" "beta is primary"
ok "it is written" write_at 2 1

lab_power_cut 2
ok "alpha notices" lab_until 20 field_is 1 10 connecting
ok "dead: alpha is promoted" doc_run dm-netmirror dead "${here[@]}"
ok "and written" write_at 1 2
lab_boot 2 || bail_out "guest 2 does not boot"
mirror_load 2 || bail_out "the module cannot be loaded"
ok "beta is beta again" doc_hosts
ok "it comes back" lab_run 2 'dmsetup create r0 --uuid NETMIRROR-0b5fd2e47a4c4a5e9d0c3c1f0e6b7a21 --table \
	"0 129024 netmirror - 128 2 /dev/disk/by-id/virtio-leg 2048 rdma:10.77.0.1:7790/r0 0 0 2 timeout_ms 2000"'
ok "both legs are in sync" lab_until 30 both_in_sync

lab_link_cut 1
ok "the link is cut" lab_until 20 field_is 2 10 connecting
ok "beta is promoted by a wrong claim" lab_run 2 'dmsetup message r0 0 promote force'
ok "both are written" eval 'write_at 1 3 && write_at 2 4'
lab_link_heal 1
ok "both are primary, say both" eval 'lab_until 30 field_is 1 10 refused:two-primaries &&
	lab_until 10 field_is 2 10 refused:two-primaries'
ok "split-brain: beta gives up" doc_run dm-netmirror split-brain "${here[@]}"
ok "both legs are in sync" lab_until 30 both_in_sync
is "$(field 1 9) $(field 2 9)" "primary secondary" "alpha is primary"

ok "check: is run, and ended, and a repair" doc_run dm-netmirror check "${here[@]}"
ok "the repair ends" lab_until 90 field_is 1 7 idle
is "$(field 1 8)" 0 "no region differed"

ok "pause: beta is suspended and resumed" doc_run dm-netmirror pause "${here[@]}"
ok "both legs are in sync" lab_until 30 both_in_sync

ok "there is a secret" lab_run 1 'head -c 64 /dev/urandom >/etc/netmirror/r0.key && cp /etc/netmirror/r0.key /host/'
ok "on both" lab_run 2 'cp /host/r0.key /etc/netmirror/'
ok "secret: in both tables" doc_run dm-netmirror secret "${here[@]}"
ok "both legs are in sync" lab_until 30 both_in_sync
ok "the table names the key" both 'dmsetup table r0 | grep "secret netmirror:r0"'

ok "grow: the tables are longer" doc_run dm-netmirror grow "${here[@]}"
ok "both legs are in sync" lab_until 90 both_in_sync
is "$(lab_run 1 'blockdev --getsz /dev/mapper/r0')" 260096 "so is the mirror"
ok "it is written where it was not before" write_at 1 100
ok "beta is suspended: it has all" lab_run 1 'dmsetup message r0 0 demote'
ok "the legs are the same" lab_until 20 same_legs
mirror_done
