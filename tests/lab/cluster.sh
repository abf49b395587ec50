# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# cluster.sh - corosync and Pacemaker on the guests of a lab, for scenarios to source
# after lab.sh.
#
#   host      the fencing device: ends the machine that a request names, and answers
#    |
#    |  /host/fence/ID.request       "VICTIM BY"      /host/fence/ID.answer
#    |
#   node1  corosync, pacemakerd  <-- data0 -->  corosync, pacemakerd  node2
#          fence_lab                                       fence_lab
#
# Corosync has the data link for its only ring, as RDMA has. Guests have no systemd, so
# the daemons are started as their units would do it. What Pacemaker knows dies with a
# guest; it gets it back from the other node, as any node does.
#
#   cluster_setup N...        puts the configuration of a cluster of nodes 1 and 2 into nodes,
#                             and the agents: of the tree, and those of cluster/
#   cluster_start N...        starts corosync and Pacemaker there, waits for the members
#   cluster_is_online N...    does node N say that it has a manager and that all are there?
#   cluster_crm N ARG...      runs crm with ARG on node N
#   cluster_mon N             prints what crm_mon on node N shows, as one line a fact:
#                             "node NAME online|offline|pending|UNCLEAN", and
#                             "RESOURCE NODE Promoted|Unpromoted|Started|..."
#   cluster_runs N RESOURCE NODE [ROLE]   does node N see RESOURCE on NODE, as ROLE?
#   cluster_fencing_begin     the fencing device begins to work, in the background
#   cluster_fenced NODE       how often that machine was fenced
#
# cluster/fence_lab fences by that device; the resource ocf:lab:writer, cluster/writer,
# writes to a mirror and keeps on the host what was acknowledged.

: "${CLUSTER_TOKEN_MS:=5000}"
cluster__top=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")

cluster__conf()
{
	local n

	cat <<-END
	totem {
		version: 2
		cluster_name: lab
		transport: knet
		crypto_cipher: none
		crypto_hash: none
		token: $CLUSTER_TOKEN_MS
	}
	nodelist {
	END
	for n in "$@"; do
		echo "	node {
		name: node$n
		nodeid: $n
		ring0_addr: 10.77.0.$n
	}"
	done
	# A node that starts alone must not shoot the other one before it has seen it.
	cat <<-END
	}
	quorum {
		provider: corosync_votequorum
		two_node: 1
	}
	logging {
		to_logfile: yes
		logfile: /run/lab/corosync.log
		to_syslog: no
		timestamp: on
	}
	END
}

cluster_setup()
{
	local n dir

	dir=$(lab_host)
	mkdir -p "$dir/fence" "$dir/journal"
	make -s -C "$cluster__top/../../cluster" DESTDIR="$dir/cluster" install || return
	install -D -m 755 "$cluster__top/cluster/writer" \
		"$dir/cluster/usr/lib/ocf/resource.d/lab/writer" &&
	install -D -m 755 "$cluster__top/cluster/fence_lab" "$dir/cluster/usr/sbin/fence_lab" || return
	cluster__conf 1 2 >"$dir/corosync.conf"
	# Pacemaker checks by itself; crm takes a minute more for it.
	printf '%s\n' '[core]' 'check_frequency = never' >"$dir/crm.conf"
	for n in "$@"; do
		lab_run "$n" '
			install -D -m 644 /host/corosync.conf /etc/corosync/corosync.conf &&
			cp -r /host/cluster/usr / &&
			install -d -o hacluster -g haclient -m 750 /var/lib/pacemaker/{,cib,pengine,blackbox,cores} \
				/var/log/pacemaker /run/resource-agents &&
			install -D -m 644 /host/crm.conf /root/.config/crm/crm.conf &&
			echo PCMK_logfile=/host/pacemaker.'"$n"'.log >/etc/default/pacemaker' || return
	done
}

cluster_start()
{
	local n

	for n in "$@"; do
		# The lines of pacemakerd itself go where its log goes.
		lab_run "$n" 'corosync && { set -a; . /etc/default/pacemaker
			setsid pacemakerd </dev/null >/dev/null 2>&1 & }' || return
	done
	lab_until "${CLUSTER_PATIENCE:-300}" cluster__wait "$1" "$@"
}

cluster_mon()
{
	lab_run "$1" 'crm_mon -1 --output-as=xml' 2>/dev/null </dev/null | awk '
		function attr(name) {
			if (!match($0, " " name "=\"[^\"]*\""))
				return ""
			return substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 4)
		}
		/<current_dc/ { print "dc", attr("name") }
		/<nodes>/ { nodes = 1 }
		/<\/nodes>/ { nodes = 0 }
		/<node / && nodes {
			state = attr("online") == "true" ? "online" : "offline"
			if (attr("pending") == "true") state = "pending"
			if (attr("unclean") == "true") state = "UNCLEAN"
			print "node", attr("name"), state
		}
		/<resource / { id = attr("id"); role = attr("role"); failed = attr("failed") }
		/<node / && !nodes && id != "" {
			print id, attr("name"), role (failed == "true" ? " FAILED" : "")
		}
		/<\/resource>/ { id = "" }'
}

cluster__wait()
{
	cluster_is_online "$@" || { sleep 1; return 1; }
}

cluster_is_online()
{
	local by=$1 n mon

	shift
	mon=$(cluster_mon "$by")
	grep -q '^dc node' <<<"$mon" || return
	for n in "$@"; do
		grep -qx "node node$n online" <<<"$mon" || return
	done
}

cluster_runs()
{
	cluster_mon "$1" | grep -q "^$2 $3 ${4-}"
}

cluster_crm()
{
	local n=$1

	shift
	LAB_TIMEOUT=120 lab_run "$n" "crm $*"
}

cluster_fenced()
{
	grep -c "^$1 " "$(lab_host)/fenced" 2>/dev/null
}

# One request after the other: of two that want to end each other, one is served, and
# what a dead machine wanted does not count.
cluster__serve()
{
	local f victim by

	for f in "$(lab_host)"/fence/*.request; do
		[ -e "$f" ] || continue
		read -r victim by <"$f"
		rm -f "$f"
		lab_alive "${by#node}" || continue
		lab_power_cut "${victim#node}" || continue
		echo "$victim $by $(millis)" >>"$(lab_host)/fenced"
		: >"${f%.request}.answer"
	done
}

# As long as this shell and its lab are there.
cluster_fencing_begin()
{
	(
		while [ -d "$LAB_DIR/host/fence" ] && kill -0 $$ 2>/dev/null; do
			cluster__serve
			sleep 0.1
		done
	) </dev/null &
	disown $!
}
