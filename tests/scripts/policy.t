#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# links: rdma
# check: 6.12-rdma
#
#   guest 1: r0-a <-- link --> guest 2: r0-b
#
# on_peer_loss = fence: a primary that loses its peer holds I/O, reads included, until
# the peer is back or somebody vouches that it is fenced (I5, I8), and never fails it.
# A peer that leaves in an orderly way stands aside, and is not promoted afterwards.
# after_split_brain: the changes of one node are given up by the rule that both have,
# with a copy of the changed regions alone, but never those of a primary.

set -u
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"

LAB_LEG_SIZE=64M
# shellcheck disable=SC2034 # for mirror.sh
MIRROR_OPTIONS='timeout = 1s
on-peer-loss = fence
after-split-brain = discard-least-changes'
mirror_boot
ok "the legs are made" mirror_create
ok "both nodes are up and connected" mirror_up
ok "a is promoted" ctl a promote

write_on()
{
	on "$1" "dd if=/dev/urandom of=\$DEV bs=64k count=$2 seek=$3 oflag=direct status=none"
}

# reader NAME: a read in the background; it has not ended before the lines say so
reader()
{
	lab_bg 1 "$1" 'dd if=/dev/mapper/r0-a of=/dev/null bs=4k count=1 iflag=direct'
}

part()
{
	link_cut
	until_st 10 a link connecting && until_st 10 b link connecting
}

# --- fence -----------------------------------------------------------------

load a busy --rw=randwrite --bs=4k --iodepth=4 --size=16M --rate_iops=50 \
	--time_based --runtime=12 --verify=crc32c --verify_backlog=256
sleep 2
ok "the nodes part" part
is "$(st a io_held)" fencing "a holds its I/O"
writes=$(st a app_writes)
reader held
sleep 2
is "$(st a app_writes)" "$writes" "nothing is written meanwhile"
status_is 124 "nothing is read" lab_wait held 1
like "$(ctl a status)" "netmirrorctl fence" "status says what to do"
link_heal
ok "the link is healed: I/O goes on" until_st 15 a io_held no
ok "the read ends well" lab_wait held 10
ok "and so does the load" lab_wait busy 60
ok "in sync" lab_until 30 in_sync
ok "the legs are the same" same_legs

ok "the nodes part again" part
reader vouched
ok "a is suspended without a flush" on a 'timeout 20 dmsetup suspend --noflush ${DEV##*/}'
ok "and resumed, though udev would wait for a read" on a 'dmsetup resume --noudevsync ${DEV##*/}'
status_is 124 "the read still waits" lab_wait vouched 1
nok "nobody vouches for the peer of a secondary" ctl b fence
ok "b is said to be fenced" ctl a fence
ok "the read ends well" lab_wait vouched 10
ok "a writes alone" write_on a 3 0
ok "that is taken back" ctl a unfence
is "$(st a io_held)" fencing "a holds its I/O again"
reader retracted
status_is 124 "nothing is read" lab_wait retracted 2
ok "b is said to be fenced after all" ctl a fence
ok "the read ends well" lab_wait retracted 10
ok "once more it is taken back" ctl a unfence
reader again
status_is 124 "nothing is read" lab_wait again 2
link_heal
ok "the peer is back: the read ends well" lab_wait again 15
ok "in sync" lab_until 30 in_sync
nok "nobody vouches for a peer that is there" ctl a fence
nok "nor takes that back" ctl a unfence

nok "a primary that would hold its I/O is not disconnected" ctl a disconnect
ok "the secondary is" ctl b disconnect
ok "a notices" until_st 5 a link connecting
is "$(st a io_held)" no "b has stood aside: a goes on"
ok "a writes alone" write_on a 3 100
ok "what b has is outdated" refuses b "the leg is outdated" 'dmsetup message ${DEV##*/} 0 promote peer_fenced'
ok "b comes back" ctl b connect
ok "in sync" lab_until 30 in_sync
ok "the legs are the same" same_legs
ok "a is demoted" ctl a demote
ok "b may be promoted again" ctl b promote
ok "b is demoted" ctl b demote

# --- split brain -----------------------------------------------------------

# alone NODE COUNT SEEK: changes that the other does not see
alone()
{
	ok "$1 is promoted" ctl "$1" promote --peer-fenced
	ok "$1 writes alone" write_on "$1" "$2" "$3"
}

copied()
{
	echo $(($(st a resync_regions) + $(st b resync_regions)))
}

ok "the nodes part" part
alone a 10 200
sum=$(on a 'sha256sum <$DEV')
ok "a is demoted" ctl a demote
alone b 4 208
ok "b is demoted" ctl b demote
before=$(copied)
on b 'dmesg -C'
link_heal
ok "the rule decides" lab_until 30 in_sync
ok "b says what happened" on b 'dmesg | grep "after a split brain, the changes of one node are given up by the rule of both"'
ok "the legs are the same" same_legs
at_most $(($(copied) - before)) 14 "only what was changed was copied: regions"
ok "a is promoted" ctl a promote
is "$(on a 'sha256sum <$DEV')" "$sum" "and a's data are kept"
ok "a is demoted" ctl a demote

ok "the nodes part" part
alone a 10 300
ok "a is demoted" ctl a demote
alone b 4 308
sum=$(on b 'sha256sum <$DEV')
link_heal
ok "nobody takes a primary's data" until_st 15 a link refused:split-brain
ok "b says so" until_st 10 b link refused:split-brain
like "$(ctl b status)" "discard-my-changes" "status says what to do"
nok "the primary does not give up its changes" ctl b connect --discard-my-changes
before=$(copied)
ok "a gives up its changes" ctl a connect --discard-my-changes
ok "b looks for it" ctl b connect
ok "in sync" lab_until 30 in_sync
at_most $(($(copied) - before)) 14 "only what was changed was copied: regions"
ok "the legs are the same" same_legs
is "$(on b 'sha256sum <$DEV')" "$sum" "b's data are kept"
mirror_done
