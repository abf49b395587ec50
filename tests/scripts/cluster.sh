# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# cluster.sh - a mirror in a cluster of two guests, for scenarios to source after
# mirror.sh:
#
#   guest 1: node1, r0 <-- rdma, corosync --> guest 2: node2, r0
#
# and the writer of the lab on the mirror's device, wherever that is promoted.
#
#   cluster_boot               boots the guests, makes the legs, starts the cluster
#   doc_crm MARK...            the commands of Documentation/pacemaker.rst with these marks
#   crm_do                     commands from standard input, as from the prompt of
#                              "crm configure"
#   mirror_alone               configures the mirror as pacemaker.rst does
#   mirror_and_writer          and the writer on it
#   started_on RESOURCE NODE
#   promoted_on                prints the node where the mirror is primary
#   promoted_is NODE
#   the_other NODE             1 of 2, 2 of 1
#   up_node                    a node that is alive
#   well                       one node is promoted, both legs are in sync, and nobody is
#                              barred
#   wait_for COMMAND...        repeats it as lab_until does, with time for the guests to
#                              do something else than to answer
#   writer_is_on NODE, more_from_writer, nothing_lost
#   pause_of_failover          milliseconds between the last acknowledgement of the writer
#                              before the last one and the first of the last
#   longest_wait               milliseconds of the last writer's slowest write
#   rejoin NODE                boots a node that was ended, back into the cluster
#   rdma_cut, rdma_heal        RDMA alone, with corosync going on

top=${top?"mirror.sh comes first"}
# shellcheck source=../lab/cluster.sh
. "$top/tests/lab/cluster.sh"

# shellcheck disable=SC2034 # for mirror.sh
LAB_LEG_SIZE=64M MIRROR_OPTIONS='timeout = 5s
on-peer-loss = fence'

wait_for()
{
	lab_until "${CLUSTER_PATIENCE:-300}" cluster__try "$@"
}

cluster__try()
{
	"$@" || { sleep 1; return 1; }
}

cluster_boot()
{
	local n

	# shellcheck disable=SC2119 # the kernel comes from the environment
	lab_init || bail_out "no lab"
	mirror_config | sed 's/^\[node a\]/[node node1]/; s/^\[node b\]/[node node2]/
		/^device = /d' >"$(lab_host)/r0.conf"
	lab_boot 1 2 || bail_out "the guests do not boot"
	for n in 1 2; do
		mirror_load "$n" || bail_out "the module cannot be loaded"
		lab_run "$n" 'netmirrorctl create r0 --assume-clean --yes --quiet' ||
			bail_out "no leg on node$n"
	done
	cluster_setup 1 2 || bail_out "the cluster cannot be set up"
	cluster_fencing_begin
	cluster_start 1 2 || bail_out "the cluster does not come up"
}

# The block that follows the comment ".. run: MARK" and its "::".
doc_crm()
{
	local mark

	for mark in "$@"; do
		awk -v mark=".. run: $mark" '
			$0 == mark { found = 1 }
			found && /^    / { sub("^    (crm configure )?", ""); print; seen = 1; next }
			found && seen && !/^    / { exit }' "$top/Documentation/pacemaker.rst"
	done
}

crm_do()
{
	cat >"$(lab_host)/crm"
	LAB_TIMEOUT=500 lab_run "$(up_node)" 'crm -F configure load update /host/crm'
}

mirror_alone()
{
	doc_crm fencing mirror stickiness | crm_do
}

mirror_and_writer()
{
	{ doc_crm fencing mirror stickiness; writer_crm; } | crm_do
}

writer_crm()
{
	cat <<-'END'
	primitive writer ocf:lab:writer params device=/dev/netmirror/r0 \
	    op monitor interval=10s timeout=60s
	colocation writer-with-r0 inf: writer ms-r0:Promoted
	order r0-before-writer Mandatory: ms-r0:promote writer:start
	END
}

started_on()
{
	cluster_runs "$(up_node)" "$1" "node$2" Started
}

up_node()
{
	if lab_alive 1; then echo 1; else echo 2; fi
}

the_other()
{
	echo $((3 - $1))
}

# From the mirrors themselves: crm_mon takes seconds in a guest.
promoted_on()
{
	local n

	for n in 1 2; do
		if lab_alive "$n" && [ "$(mirror_value "$n" .role)" = primary ]; then
			echo "$n"
		fi
	done
}

promoted_is()
{
	[ "$(promoted_on)" = "$1" ]
}

# mirror_value NODE FILTER: of the status there; nothing if there is no answer
mirror_value()
{
	lab_run "$1" 'netmirrorctl status r0 --json' 2>/dev/null | jq -r "$2"
}

legs_in_sync()
{
	[ "$(mirror_value "$(up_node)" '[.link.state, .legs[].health] | join(" ")')" = \
		"connected in-sync in-sync" ]
}

barred()
{
	lab_run "$(up_node)" 'cibadmin --query --xpath "//rsc_location[@id=\"netmirror-fence-r0\"]"' \
		>/dev/null 2>&1
}

not_barred()
{
	! barred
}

well()
{
	legs_in_sync && [ -n "$(promoted_on)" ] && not_barred
}

# By what it wrote.
writer_is_on()
{
	local file

	file=$(last_writers 1)
	[[ $file == *.node$1 ]] && [ -s "$file" ]
}

last_writers()
{
	find "$(lab_host)/journal" -name '*.node?' -printf '%f %p\n' | sort -n | tail -n "$1" |
		cut -d ' ' -f 2
}

acked_lines()
{
	cat "$(lab_host)"/journal/*.node? 2>/dev/null | wc -l
}

acked_more()
{
	[ "$(acked_lines)" -gt "$1" ]
}

more_from_writer()
{
	wait_for acked_more $(($(acked_lines) + 50))
}

nothing_lost()
{
	[ ! -e "$(lab_host)/journal/lost" ] || { cat "$(lab_host)/journal/lost"; return 1; }
}

# The host's clock: the files are the host's.
pause_of_failover()
{
	local old new

	{ read -r old; read -r new; } < <(last_writers 2)
	awk -v old="$(stat -c %.3Y "$old")" -v new="$(stat -c %.3W "$new")" \
		'BEGIN { printf "%d\n", (new - old) * 1000 }'
}

longest_wait()
{
	last_writers 1 | xargs awk '$3 > most { most = $3 } END { print most + 0 }'
}

rejoin()
{
	lab_boot "$1" && mirror_load "$1" && cluster_setup "$1" && cluster_start "$1"
}

# What comes in is dropped, and nothing that goes out: rxe takes the refusal of a packet
# for the end of its queue pair, and never makes a new one for connections.
rdma_cut()
{
	local n

	for n in 1 2; do
		lab_run "$n" 'nft -f - <<-END
			add table inet lab
			add chain inet lab in { type filter hook input priority 0; }
			add rule inet lab in udp dport 4791 drop
		END' || return
	done
}

rdma_heal()
{
	lab_run 1 'nft delete table inet lab' && lab_run 2 'nft delete table inet lab'
}
