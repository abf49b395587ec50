#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# links: rdma
# check: 6.12-rdma
#
#   application -> guest 1: r0-a (primary) <-- link --> guest 2: r0-b
#                    |            \                        |
#               dm "leg-a"     disk "new"             dm "leg-b"
#
# A leg that failed is replaced, of the primary under load and then of the secondary:
# new metadata, another table, a full copy (I7), and no error for the application
# (I8).  It is refused while the peer may lack data.  A leg that hangs does not hang
# status, detail and list (I10).  Nodes with different settings say which.

set -u
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"
# shellcheck source=dm-leg.sh
. "$top/tests/scripts/dm-leg.sh"

LAB_LEG_SIZE=64M
LAB_DISKS="new:96M"
MIRROR_LEG_A=/dev/mapper/leg-a
MIRROR_LEG_B=/dev/mapper/leg-b
new=/dev/disk/by-id/virtio-new
mirror_boot

legs_work()
{
	st_is a health DA && st_is b health AD
}

# The answer of a command that must not hang is there soon.
answers()
{
	on a "timeout 20 netmirrorctl $*"
}

# The data of the legs, by dm devices and disks of either guest.
sum_of()
{
	on "$1" "at=\$(netmirrorctl dump-md $2 | sed -n 's/^data offset: *sector //p')
		dd if=$2 bs=64k iflag=direct,skip_bytes,count_bytes skip=\$((at * 512)) \
			count=$((size * 512)) status=none | sha256sum"
}

ok "the disks are under dm" eval "leg a well && leg b well"
ok "the legs are made" mirror_create
on b 'sed -i "s/^timeout.*/timeout = 4s/" /etc/netmirror/r0.conf; echo "on-peer-loss = fence" >>/etc/netmirror/r0.conf'
ok "both nodes are up and connected" mirror_up
ok "a is promoted" ctl a promote

# --- what the nodes make of each other ----------------------------------------

is "$(st a verdict)" in-sync "the verdict"
is "$(st a differs)" on_peer_loss,timeout_ms "what the nodes differ in"
is "$(st b differs)" on_peer_loss,timeout_ms "the other node sees the same"
like "$(ctl a status)" "nodes differ in" "status says so"
like "$(ctl a detail)" "Last Verdict : in-sync: both legs have the same data" "detail tells the verdict"
is "$(st a peer_role)$(st b peer_role)" secondaryprimary "each knows the other's role"
# Of two timeouts the shorter one would end the session, if nobody kept to it.
losses=$(st a link_losses)
sleep 6
is "$(st a link_losses)" "$losses" "the timeouts differ, the nodes stay connected"

# --- nothing hangs with a leg that hangs ---------------------------------------

ok "the leg of a hangs" on a 'dmsetup suspend --nolockfs --noflush leg-a'
lab_bg 1 stuck 'dd if=/dev/zero of=/dev/mapper/r0-a bs=4k count=1 oflag=direct'
for c in "status r0 --node a" "detail r0 --node a" "list --node a" "status r0 --node a --json"; do
	ok "$c answers" answers "$c"
done
ok "the leg goes on" on a 'dmsetup resume leg-a'
ok "and so does the write" lab_wait stuck 20

# --- the leg of the primary ----------------------------------------------------

load a busy --rw=randrw --bsrange=4k-64k --iodepth=4 --size=16M --rate_iops=60 \
	--verify=crc32c --verify_backlog=64 --time_based --runtime=600
size=$(on a 'blockdev --getsz /dev/mapper/r0-a')
ok "the leg of a fails" leg a dead
ok "a works with the peer's leg" lab_until 30 legs_work
like "$(ctl a status)" "netmirrorctl replace-leg r0 --leg DEVICE" "status says what to do"
ok "the commands are shown" ctl a replace-leg --leg $new --dry-run
is "$(st a health)" DA "and nothing else is done"
ok "it is replaced" ctl a replace-leg --leg $new
is "$(st a role)" primary "a is primary all the time"
ok "the peer's data are copied" until_st 20 a verdict full-from-peer
ok "in sync" lab_until 90 in_sync
like "$(on a 'grep ^leg /etc/netmirror/r0.conf')" "$new" "the configuration has it"
lab_stop busy INT
lab_wait busy 20
like "$(cat "$(lab_out busy)")" "err= 0" "no read or write failed"
ok "the same data are on both legs" \
	eval '[ "$(sum_of a $new)" = "$(sum_of b /dev/mapper/leg-b)" ]'

# --- refused ---------------------------------------------------------------------

link_cut
ok "the nodes part" until_st 15 a link connecting
on a 'dd if=/dev/urandom of=$DEV bs=64k count=4 oflag=direct'
status_is 5 "b is not there: the leg of a stays" \
	ctl a replace-leg --leg /dev/mapper/leg-a --force
link_heal
ok "in sync" lab_until 60 in_sync

# --- the leg of the secondary -----------------------------------------------------

ok "the leg of b fails" leg b dead
on a 'dd if=/dev/urandom of=$DEV bs=64k count=4 oflag=direct'
ok "b is out" until_st 15 b link refused:leg-failed
is "$(st a apart)" leg-failed "a knows why"
like "$(ctl a status)" "the leg of b has failed" "and says so"
ok "it is replaced" ctl b replace-leg --leg $new
ok "in sync" lab_until 90 in_sync
ok "the same data are on both legs" \
	eval '[ "$(sum_of a $new)" = "$(sum_of b $new)" ]'
mirror_done
