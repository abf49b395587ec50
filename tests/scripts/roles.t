#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# links: loop rdma
# check: 6.12-rdma
#
# The roles change in the middle of a resync: the new primary, whose leg is the
# target, reads what it misses from its peer and pulls the rest (I5, I8). The
# resync goes on under writes, survives a broken link, and the legs are the
# same in the end (I7).

set -u
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"

# Of the first 128 MB of the mirror
data_sum()
{
	on "$1" 'dd if=$DEV bs=1M count=128 iflag=direct status=none | sha256sum'
}

mirror_boot
ok "the legs are made" mirror_create
ok "both nodes are up and connected" mirror_up
ok "a is promoted" ctl a promote

link_cut
ok "a notices the loss" until_st 10 a health AD
nok "b cannot be promoted without evidence" ctl b promote
ok "128 MB are written alone" on a 'fio --name=alone --filename=$DEV --direct=1 \
	--rw=write --bs=1M --size=128M --randrepeat=0 --refill_buffers --minimal'
sum=$(data_sum a)
on a 'dmsetup message ${DEV##*/} 0 resync_rate 2000'
on b 'dmsetup message ${DEV##*/} 0 resync_rate 2000'
link_heal
ok "the resync runs" until_st 15 a action resync
ok "a is demoted" ctl a demote
ok "b is promoted in the middle of it" ctl b promote
is "$(st b health)/$(st b action)" aA/recover "b is the target and pulls"
is "$(data_sum b)" "$sum" "b reads what a wrote"
ok "some of it from its peer" [ "$(st b remote_reads)" -gt 0 ]
is "$(st b health)" aA "the resync was not over yet"

load b busy --rw=randwrite --bsrange=4k-64k --iodepth=4 --size=16M \
	--offset=140M --rate_iops=50 --time_based --runtime=8
sleep 1
link_cut
ok "b notices the loss" until_st 10 b health aD
nok "what b has not got cannot be read without the peer" \
	on b 'dd if=$DEV of=/dev/null bs=1M count=128 iflag=direct'
link_heal
ok "the resync goes on" until_st 15 b action recover
on b 'dmsetup message ${DEV##*/} 0 resync_rate 0'
ok "in sync" lab_until 60 in_sync
is "$(data_sum b)" "$sum" "b still reads what a wrote"
lab_wait busy 60
ok "the legs are the same" same_legs
mirror_done
