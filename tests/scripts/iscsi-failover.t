#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# links: rdma
# check: 6.12-rdma
#
#   r0-a, s0 in guest 1 <-- link --> r0-b, s0 in guest 2
#            \                          /
#              10.77.0.9, on either one
#                        |
#   guest 3: iSCSI initiator, multipath with queue_if_no_path, a writer
#
# The primary exports r0, and an initiator writes through a planned move to the other
# node and through the power cut of that: it waits, sees no error, and no write that
# was acknowledged is lost (I1).  A persistent reservation holds on the other node from
# the first moment on; LIO keeps it in a file on the mirror s0, which moves with r0.

set -u
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"

LAB_LEG_SIZE=64M
LAB_DISKS=state:16M
MIRROR_OPTIONS='timeout = 2s
[export]
fabrics = iscsi
portal = 0.0.0.0:3260
acl = iqn.2026-11.org.example:guest1
acl = iqn.2026-11.org.example:guest2
acl = iqn.2026-11.org.example:guest3
reservations = /srv/state'
address=10.77.0.9

# The initiator is a node to those that write: its device is /dev/mapper/r0-i.
guest()
{
	case $1 in a) echo 1 ;; b) echo 2 ;; i) echo 3 ;; esac
}

mirror_boot
lab_boot 3 || bail_out "the initiator does not boot"
# shellcheck source=initiator.sh
. "$top/tests/scripts/initiator.sh"
# shellcheck source=journal.sh
. "$top/tests/scripts/journal.sh"
# shellcheck source=doc.sh
. "$top/tests/scripts/doc.sh"

# state NODE COMMAND [ARG...]: netmirrorctl for the mirror of the reservations
state()
{
	on "$1" "netmirrorctl $2 s0 --node $1 --yes ${*:3}"
}

state_config()
{
	local n

	mirror_config | sed 's/^uuid = ./uuid = f/; s/virtio-leg/virtio-state/
		/^device/d; /^\[options\]/,$d' >"$(lab_host)/s0.conf"
	for n in "$@"; do
		lab_run "$n" 'cp /host/s0.conf /etc/netmirror/ && mkdir -p /srv/state'
	done
}

# The address is there last and goes first: an initiator that is not answered tries
# again, one that is refused gives up.
take_over()
{
	on "$1" "netmirrorctl promote s0 --node $1 --yes ${2-} &&
		netmirrorctl promote r0 --node $1 --yes ${2-} &&
		mount -o sync /dev/netmirror/s0 /srv/state &&
		netmirrorctl export r0 --node $1 &&
		ip address add $address/24 dev data0" && arp "$1"
}

arp()
{
	on "$1" "/usr/libexec/heartbeat/send_arp data0 $address auto $address ffffffffffff"
}

give_up()
{
	on "$1" "ip address del $address/24 dev data0 &&
		netmirrorctl unexport r0 --node $1 && umount /srv/state" &&
		lab_until 5 ctl "$1" demote && lab_until 5 state "$1" demote
}

# The planned move of Documentation/lio.rst, with the mirror of the reservations: it is
# unmounted before the demotion, and there before the export. Who has just closed the
# device may be somebody that udev sent.
move_as_shown()
{
	doc_run lio give-up 's/eth0/data0/' '/netmirrorctl/s/$/ --node a/' \
		's/netmirrorctl demote/umount \/srv\/state; udevadm settle; &/' &&
		state a demote && state b promote &&
		doc_run lio take-over 's/eth0/data0/' '/netmirrorctl/s/$/ --node b/' \
		's/netmirrorctl export/mount -o sync \/dev\/netmirror\/s0 \/srv\/state \&\& &/' && arp b
}

# The mirror of the reservations, made and mounted as the document says.
reservations_as_shown()
{
	doc_run lio reservations 's/--force state/--force s0 --node a --yes/' 's/state$/s0/'
}

mounted_as_shown()
{
	doc_run lio reservations-mount 's/netmirror\/state/netmirror\/s0/'
}

# An initiator with a device of multipath-tools that waits for a path.
with_multipath()
{
	initiator 3 && lab_run 3 "
		cat >/etc/multipath.conf <<-END
			defaults {
				find_multipaths off
				polling_interval 2
			}
			blacklist {
				devnode ^vd
			}
			multipaths {
				multipath {
					wwid 3$naa
					alias r0-i
					no_path_retry queue
				}
			}
		END
		modprobe -a dm_multipath dm_round_robin scsi_dh_alua && multipathd"
}

# The other initiator comes from a node, to see whether the reservation keeps it out.
kept_out()
{
	initiator "$1" && login "$1" "$address" || return
	on_disk "$1" 'sg_persist -r $SD | grep -q "type: Write Exclusive, registrants only" &&
		dd if=/dev/zero of=$SD bs=4k count=1 oflag=direct 2>&1 |
			grep -E "exchange|conflict|Input/output error"' || return
	logout "$1"
}

ok "the legs are made" mirror_create
ok "those of the reservations as well" eval \
	'state_config 1 2 && state a create --assume-clean && state b create --assume-clean'
ok "all nodes are up and connected" eval 'state a up && state b up && mirror_up'
ok "a is promoted" ctl a promote
ok "a file system for reservations" reservations_as_shown
ok "is mounted" on a 'mount /dev/netmirror/s0 /srv/state'
status_is 5 "that could lose some" ctl a export
ok "it is mounted with sync" eval "on a 'umount /srv/state' && mounted_as_shown"
ok "a exports" on a "netmirrorctl export r0 --node a && ip address add $address/24 dev data0"

ok "an initiator with multipath" with_multipath
ok "it logs in" login 3 "$address"
ok "it has the device" lab_until 20 on i 'multipathd show maps | grep r0-i && test -b $DEV'
ok "it registers and reserves" on_disk 3 'sg_persist -o -G -S 0xcafe -Z $SD &&
	sg_persist -o -R -K 0xcafe -T 5 $SD'
ok "others are kept out" kept_out 2

ok "the initiator writes" writes i
ok "a gives up and b takes over" move_as_shown
ok "the initiator goes on" lab_until 60 more_is_written
ok "others are still kept out" kept_out 1
writes_end
moved=$(longest_pause)

ok "the initiator writes" writes i
ok "it changes its key" on_disk 3 'sg_persist -o -G -K 0xcafe -S 0xbeef $SD'
lab_power_cut 2
ok "a notices" until_st 20 a link connecting
ok "a takes over" take_over a --peer-fenced
ok "the initiator goes on" lab_until 60 more_is_written
ok "others are still kept out" kept_out 1
ok "the initiator releases with its new key" on_disk 3 '
	sg_persist -o -L -K 0xbeef -T 5 $SD && sg_persist -o -G -K 0xbeef -S 0 $SD'
writes_end
cut=$(longest_pause)

diag "longest write: $moved ms in the move, $cut ms in the power cut"
is "$(lab_run 3 'dmesg | grep -iE "I/O error|buffer i/o"')" "" "the initiator saw no error"
ok "nothing is lost" nothing_is_lost i
ok "b is back" eval 'back 2 && state_config 2 && ctl b up && state b up'
ok "b has everything" lab_until 60 in_sync
ok "the export ends" give_up a
ok "the legs are the same" same_legs
mirror_done
