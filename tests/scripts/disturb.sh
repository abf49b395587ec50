# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# disturb.sh - a bad network, for scenarios to source after mirror_boot.
#
#   disturb_ready NODE...      as long as no link is up: the way in leads over an ifb
#   disturb ARGUMENTS...       of netem, for what either node receives
#   calm                       the end of it
#
# At the receiver, since rxe takes it for a failure of its own if the sender's queue
# drops a packet: the queue pair is lost then without a retry, that of the connection
# manager for good (rdma res show qp: GSI, state ERR). The ingress qdisc drops some
# when it is added, since the device stands still (NET_XMIT_CN of noop_enqueue).
#
# A part of a read's answer that comes out of order makes rxe warn of itself, where it
# completes the request with an error that it has not set (COMPST_ERROR in rxe_comp.c).
# The queue pair is lost, as the peer then is.

# shellcheck disable=SC2034 # for lab.sh
LAB_CONSOLE_ALLOW='WARNING: .* drivers/infiniband/sw/rxe/rxe_comp\.c:[0-9]+ rxe_completer|Call Trace:'

disturb_ready()
{
	local node

	for node; do
		on "$node" "modprobe -a ifb sch_netem sch_ingress cls_matchall act_mirred &&
			ip link add ifb0 type ifb && ip link set ifb0 mtu 9000 up &&
			tc qdisc add dev data0 ingress &&
			tc filter add dev data0 ingress prio 1 handle 1 matchall \
				action mirred egress redirect dev ifb0" || return
	done
}

disturb()
{
	local node

	for node in a b; do
		on "$node" "tc qdisc replace dev ifb0 root netem limit 10000 $*" || return
	done
}

calm()
{
	on a 'tc qdisc del dev ifb0 root' && on b 'tc qdisc del dev ifb0 root'
}
