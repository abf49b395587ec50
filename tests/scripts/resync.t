#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# links: loop rdma
# check: 6.1-loop
#
# The link breaks under load, comes back, and only what changed is copied, with
# interruptions, while the application writes (I1, I3, I4, I7).

set -u
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"

LAB_LEG_SIZE=1025M
mirror_boot
ok "the legs are made" mirror_create
ok "both nodes are up and connected" mirror_up
ok "a is promoted" ctl a promote

# 1% of 1 GiB while the link is down: 160 writes into 160 regions
sleep 3
link_cut
ok "a notices the loss" until_st 10 a health AD
ok "1% is changed, scattered" on a 'fio --name=one --filename=$DEV --direct=1 \
	--rw=randwrite --bs=64k --size=1G --io_size=10M --minimal'
total=$(st a total)
copied=$(st a resync_regions)
link_heal
ok "in sync again" lab_until 60 in_sync
copied=$(($(st a resync_regions) - copied))
diag "$copied of $total regions copied after 160 were changed"
ok "something was copied" [ "$copied" -ge 160 ]
at_most $((copied * 50)) "$total" "at most 2% was copied"
ok "the legs are the same" same_legs

# cut and heal under load
load a busy --rw=randwrite --bsrange=4k-64k --iodepth=8 --size=200M --time_based --runtime=12 --norandommap
for i in 1 2 3; do
	sleep 1
	link_cut
	sleep 2
	link_heal
	ok "connected again ($i)" until_st 15 a link connected
done
ok "no write failed" lab_wait busy 60
ok "in sync again" lab_until 60 in_sync
ok "the legs are the same" same_legs

# a resync interrupted three times, with writes going on
link_cut
ok "a notices the loss" until_st 10 a health AD
ok "150 MB are written alone" on a 'fio --name=alone --filename=$DEV --direct=1 \
	--rw=write --bs=1M --size=150M --offset=300M --minimal'
on a 'dmsetup message ${DEV##*/} 0 resync_rate 10000'
load a slow --rw=randwrite --bs=4k --iodepth=2 --size=100M --rate_iops=50 --time_based --runtime=25
for i in 1 2 3; do
	link_heal
	ok "resync runs ($i)" until_st 15 a action resync
	# Long enough for flushes on both legs: what is in a cache is copied again.
	sleep 3.5
	left=$(st a resync_left)
	link_cut
	ok "interrupted ($i)" until_st 10 a health AD
	diag "$left regions were left"
done
before=$(st a resync_regions)
on a 'dmsetup message ${DEV##*/} 0 resync_rate 0'
link_heal
ok "in sync in the end" lab_until 60 in_sync
copied=$(($(st a resync_regions) - before))
at_most "$copied" 2200 "what was copied before the interruptions is not copied again"
ok "no write failed" lab_wait slow 60
ok "the legs are the same" same_legs

# invalidate: everything is copied
ok "b is invalidated" ctl b invalidate
ok "in sync again" lab_until 120 in_sync
ok "the legs are the same" same_legs
mirror_done
