#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# links: rdma
# check: 6.1-rdma
#
# The RDMA device of a node is removed under load and comes back: of the node
# that listens, then of the one that connects. No write fails (I1), the removal
# does not hang (I10), the legs are the same in the end (I7).

set -u
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"

mirror_boot
ok "the legs are made" mirror_create
ok "both nodes are up and connected" mirror_up
ok "a is promoted" ctl a promote
load a busy --rw=randwrite --bsrange=4k-64k --iodepth=8 --size=200M \
	--time_based --runtime=10 --norandommap
for node in b a; do
	sleep 1
	ok "the device of $node is removed" on "$node" 'timeout 10 rdma link delete rxe0'
	ok "a notices the loss" until_st 5 a health AD
	ok "the device comes back" on "$node" 'rdma link add rxe0 type rxe netdev data0'
	ok "connected again" until_st 15 a link connected
done
ok "no write failed" lab_wait busy 60
ok "in sync again" lab_until 60 in_sync
ok "the legs are the same" same_legs
mirror_done
