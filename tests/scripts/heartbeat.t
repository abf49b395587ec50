#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# links: rdma
# check: 6.12-rdma
#
#   r0-a (primary) <-- a bad network, machines that stand still --> r0-b
#
# A peer that is well is not given up (I10), with the default timeout of 0.5 s: not by
# nodes that have nothing to do on a network that loses one packet in fifty, and not
# when a machine stands still for 0.2 s under large writes.

set -u
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"

LAB_LEG_SIZE=64M
MIRROR_OPTIONS=
mirror_boot
# shellcheck source=disturb.sh
. "$top/tests/scripts/disturb.sh"
ok "the network can be disturbed" disturb_ready a b
ok "the legs are made" mirror_create
ok "both nodes are up and connected" mirror_up
ok "a is promoted" ctl a promote

# --- idle ----------------------------------------------------------------------

ok "packets are lost" disturb "loss 2%"
sleep 30
is "$(st a link_losses)" 0 "the nodes, idle, know that the other one is there"
ok "no packet is lost" calm

# --- under load ----------------------------------------------------------------

losses=$(st a link_losses)
load a bulk --rw=randwrite --bsrange=64k-128k --iodepth=16 --norandommap \
	--time_based --runtime=300
sleep 2
for n in 1 2; do
	for ((i = 0; i < 5; i++)); do
		lab_freeze "$n"
		sleep 0.2
		lab_thaw "$n"
		sleep 1
	done
	is "$(st a link_losses)" "$losses" "guest $n stood still five times, and is not taken for dead"
done
lab_stop bulk INT
lab_wait bulk 20
like "$(cat "$(lab_out bulk)")" "err= 0" "no write failed"
ok "in sync" lab_until 30 in_sync
ok "the legs are the same" same_legs
mirror_done
