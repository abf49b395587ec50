#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# links: rdma
# check: none
#
#   guest 1: node1, r0 <-- rdma, corosync --> guest 2: node2, r0
#
# ocf-tester with a real mirror. Then what a cluster can meet: the secondary's node dies,
# all links break, a node goes on standby and comes back, the mirror is moved; on one
# node the module, the configuration or the leg is missing. The writer goes on through it
# all, and nothing that was acknowledged is lost (I1, I5, I10).

set -u
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"
# shellcheck source=cluster.sh
. "$top/tests/scripts/cluster.sh"

cluster_boot

# --- ocf-tester ----------------------------------------------------------------------

# The guests have no xmllint; this one reads the meta-data with the same library.
xmllint()
{
	cat >"$(lab_host)/xmllint" <<-'END'
	#!/usr/bin/python3
	import sys
	from lxml import etree
	etree.parse(sys.stdin, etree.XMLParser(dtd_validation=True))
	END
	lab_run 1 'install -m 755 /host/xmllint /usr/bin/xmllint'
}

tester()
{
	LAB_TIMEOUT=600 lab_run 1 'ocf-tester -v -n r0 -o mirror=r0 \
		/usr/lib/ocf/resource.d/netmirror/netmirror'
}

ok "there is a program that reads meta-data" xmllint
ok "the peer is up" lab_run 2 'netmirrorctl up r0'
ok "ocf-tester is content" tester
ok "the peer is down" lab_run 2 'netmirrorctl down r0'

# --- a cluster -----------------------------------------------------------------------

# goes_on_at NODE NAME
goes_on_at()
{
	ok "$2: node$1 is promoted" wait_for promoted_is "$1"
	ok "$2: the writer runs there" wait_for writer_is_on "$1"
	ok "$2: and writes" more_from_writer
	ok "$2: nothing is lost" nothing_lost
}

all_well()
{
	ok "$1: both legs are in sync, nobody is barred" wait_for well
}

fencings()
{
	if [ -e "$(lab_host)/fenced" ]; then wc -l <"$(lab_host)/fenced"; else echo 0; fi
}

ok "the cluster is configured" mirror_and_writer
all_well "at first"
p=$(promoted_on)
[ -n "$p" ] || bail_out "no node is promoted"
s=$(the_other "$p")
goes_on_at "$p" "at first"

# --- planned -------------------------------------------------------------------------

ok "the primary goes on standby" cluster_crm "$p" "node standby node$p"
goes_on_at "$s" "standby of the primary"
diag "I/O paused for $(pause_of_failover) ms"
ok "it comes back" cluster_crm "$p" "node online node$p"
all_well "standby of the primary"
p=$(promoted_on) s=$(the_other "$(promoted_on)")
ok "the secondary goes on standby" cluster_crm "$p" "node standby node$s"
nobody_answers()
{
	[[ $(mirror_value "$p" .link.state) == @(connecting|disconnected) ]]
}
ok "it leaves" wait_for nobody_answers
goes_on_at "$p" "standby of the secondary"
ok "it comes back" cluster_crm "$p" "node online node$s"
all_well "standby of the secondary"
ok "the mirror is moved" cluster_crm "$p" "resource move ms-r0 node$s"
goes_on_at "$s" "move"
diag "I/O paused for $(pause_of_failover) ms"
ok "it may be anywhere again" cluster_crm "$p" "resource clear ms-r0"
all_well "move"
is "$(fencings)" 0 "nobody was fenced"

# --- lost ----------------------------------------------------------------------------

p=$(promoted_on) s=$(the_other "$(promoted_on)")
lab_power_cut "$s"
ok "the secondary dies: it is barred" wait_for barred
is "$(cluster_fenced "node$s")" 1 "after it was fenced"
goes_on_at "$p" "death of the secondary"
diag "the longest write took $(longest_wait) ms"
ok "it comes back" rejoin "$s"
all_well "death of the secondary"

one_is_left()
{
	[ "$(fencings)" = 2 ]
}
lab_link_cut 1
ok "all links break: one node is fenced" wait_for one_is_left
lab_link_heal 1
p=$(up_node) s=$(the_other "$(up_node)")
goes_on_at "$p" "loss of all links"
ok "the other one comes back" rejoin "$s"
all_well "loss of all links"

# --- what is missing on one node -----------------------------------------------------

# fault NAME WORDS BREAK MEND: the secondary restarts without something
fault()
{
	p=$(promoted_on) s=$(the_other "$(promoted_on)")
	ok "$1: the secondary goes on standby" cluster_crm "$p" "node standby node$s"
	ok "$1: it leaves" wait_for nobody_answers
	ok "$1: broken" wait_for lab_run "$s" "$3"
	ok "$1: it is to come back" cluster_crm "$p" "node online node$s"
	ok "$1: the cluster says what is wrong" wait_for complains "$2"
	goes_on_at "$p" "$1"
	ok "$1: mended" lab_run "$s" "$4"
	ok "$1: cleaned up" cluster_crm "$p" "resource cleanup r0 node$s"
	all_well "$1"
}

complains()
{
	lab_run "$p" 'crm_mon -1 --include=failures' | grep -q "$1"
}

ko=/nm/modules/$LAB_KERNEL/dm-netmirror.ko
fault "module" "the kernel has no device-mapper target" \
	'rmmod dm-netmirror' "insmod $ko"
fault "configuration" "there is no" \
	'mv /etc/netmirror/r0.conf /etc/netmirror/away' 'mv /etc/netmirror/away /etc/netmirror/r0.conf'
fault "policy" "lacks on-peer-loss = fence" \
	'sed -i "s/^on-peer-loss.*/on-peer-loss = continue/" /etc/netmirror/r0.conf' \
	'sed -i "s/^on-peer-loss.*/on-peer-loss = fence/" /etc/netmirror/r0.conf'
fault "leg" "virtio-leg" \
	'mv /dev/disk/by-id/virtio-leg /dev/disk/by-id/away' 'mv /dev/disk/by-id/away /dev/disk/by-id/virtio-leg'
mirror_done
