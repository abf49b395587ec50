# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# cluster.sh - what the resource agent and its guard share: how the mirror is, what the
# cluster knows of the peer, and the constraint that bars the peer from promotion.
# Sourced after ocf-shellfuncs. Pacemaker's nodes and those of the mirror's
# configuration have the same names.
#
#   nm_status              fills st from "netmirrorctl status --json", and returns the
#                          exit status of that
#   nm_read_status JSON    fills st from JSON
#   nm_is_connected        as st says
#   nm_score               prints the promotion score that st is worth; nothing: none
#   nm_peer_has_left       has the cluster fenced the peer's node, or seen it leave?
#   nm_peer_has_stopped    has the cluster stopped the mirror there, or found it not to run?
#   nm_peer_is_out         one of both
#   nm_peer_answers        does the peer's Pacemaker answer now?
#   nm_bar_peer            puts the constraint: nobody but this node is promoted.
#                          Fails if it is there already for the other node
#   nm_peer_is_told        has the peer's Pacemaker the constraint?
#   nm_is_barred           is this node kept from promotion: 0 yes, 1 no, 2 unknown
#   nm_unbar_peer          removes the constraint, if it is this node's
#   nm_has_barred          is it there, and this node's?
#   nm_lock, nm_unlock     around looking at the constraint and changing it
#
# st has: state role link local remote (health of the legs) self peer (nodes) outdated
# blank needs_check held losses what

nm_mirror=${OCF_RESKEY_mirror-}
nm_resource=${OCF_RESOURCE_INSTANCE%%:*}
nm_constraint=netmirror-fence-$nm_resource
nm_run=${HA_RSCTMP:-/run/resource-agents}
declare -A st=()

nm_read_status()
{
	local lines key value

	lines=$(jq -r '(.legs[] | select(.local)) as $here |
		(.legs[] | select(.local | not)) as $there | {
			state, role, link: .link.state, local: $here.health, remote: $there.health,
			self: $here.node, peer: $there.node, outdated, blank: (.generation == null),
			needs_check, held: .io_held, losses: .counters.link_losses, what
		} | to_entries[] | "\(.key)=\(.value)"' <<<"$1") || return
	st=()
	while IFS='=' read -r key value; do
		st[$key]=$value
	done <<<"$lines"
}

nm_status()
{
	local json

	json=$(netmirrorctl status "$nm_mirror" --json) || return
	nm_read_status "$json"
}

nm_is_connected()
{
	[ "${st[link]}" = connected ]
}

# A primary is never better off for a move, unless it lives on the other node's leg. A
# secondary that the peer refuses, or that was parted by order, waits for a person.
nm_score()
{
	if [ "${st[needs_check]}" != false ] || [ "${st[blank]}" = true ]; then
		return
	elif nm_is_connected; then
		if [ "${st[local]}" = in-sync ]; then
			echo 10000
		elif [ "${st[remote]}" = in-sync ] &&
		     [ "${st[local]} ${st[role]}" != "failed secondary" ]; then
			echo 10
		fi
	elif [ "${st[local]}" != in-sync ] || [ "${st[outdated]}" != false ]; then
		return
	elif [ "${st[role]}" = primary ]; then
		if [ "${st[held]}" = no ]; then echo 10000; else echo 1000; fi
	elif [[ ${st[link]} == @(connecting|handshake) ]]; then
		if [ "${st[losses]}" = 0 ]; then echo 5; else echo 1000; fi
	fi
}

# --- what the cluster knows -------------------------------------------------------

# nm_cib [OPTION...] XPATH: 0 there is a match, 1 there is none, 2 nobody knows. An
# expression with line breaks would match nothing.
nm_cib()
{
	timeout "${nm_patience:-15}" cibadmin --query "${@:1:$#-1}" --xpath "$(tr -s '\n\t' ' ' <<<"${!#}")" \
		>/dev/null 2>&1
	case $? in
	0) return 0 ;;
	105) return 1 ;;
	*) return 2 ;;
	esac
}

# Each is one look at the cluster's state, so that its parts belong together.
#
# A node has left when it is no member, its manager is not there, and that is what was
# expected of it. It was fenced with success then, or shut down in order; of a node that
# was merely lost, membership is still expected. This holds only in a cluster that
# fences. A node that nobody has seen since this cluster began has no entry at all.
nm_peer_has_left()
{
	nm_cib "/cib[not(configuration/crm_config//nvpair[@name='stonith-enabled'
			and not(contains('|true|yes|on|1|', concat('|', @value, '|')))])]
		/status/node_state[@uname='${st[peer]}' and (@in_ccm='false' or @in_ccm='0')
			and (@crmd='offline' or @crmd='0') and @expected='down']"
}

# The node is a member, and the last that was recorded there of the mirror is that it
# was stopped, or found not to run: a probe is recorded before anything else.
nm_peer_has_stopped()
{
	nm_cib "/cib/status/node_state[@uname='${st[peer]}' and @in_ccm!='false' and @in_ccm!='0'
			and @crmd!='offline' and @crmd!='0' and @join='member']
		/lrm/lrm_resources/lrm_resource[@id='$nm_resource']
		/lrm_rsc_op[@id='${nm_resource}_last_0' and @op-status='0'
			and (@operation='stop' and @rc-code='0'
				or @operation='monitor' and @rc-code='7')]"
}

nm_peer_is_out()
{
	nm_peer_has_left || nm_peer_has_stopped
}

# Of a node that is dead no answer comes, and meanwhile it may have been fenced.
nm_peer_answers()
{
	local nm_patience=3

	nm_cib --host "${st[peer]}" /cib
}

# --- the constraint ---------------------------------------------------------------

nm_lock()
{
	exec {nm_lock_fd}>"$nm_run/netmirror-$nm_resource.constraint"
	flock -w 30 "$nm_lock_fd"
}

nm_unlock()
{
	exec {nm_lock_fd}>&-
}

nm_own_constraint()
{
	echo "//rsc_location[@id='$nm_constraint' and rule/expression/@value='${st[self]}']"
}

nm_has_barred()
{
	nm_cib "$(nm_own_constraint)"
}

# The id of the clone that has the resource, which is what constraints name.
nm_clone()
{
	timeout 15 cibadmin --query --node-path \
		--xpath "//resources//clone[.//primitive[@id='$nm_resource']]" 2>/dev/null |
		sed -n "s/.*clone\\[@id='\\([^']*\\)'\\].*/\\1/p"
}

# A creation fails if the id is there, so two nodes cannot both have it.
nm_bar_peer()
{
	local clone

	nm_has_barred && return
	clone=$(nm_clone)
	[ -n "$clone" ] || return
	timeout 15 cibadmin --create --scope constraints --xml-text "
		<rsc_location id=\"$nm_constraint\" rsc=\"$clone\">
		  <rule id=\"$nm_constraint-rule\" role=\"Promoted\" score=\"-INFINITY\">
		    <expression id=\"$nm_constraint-node\" attribute=\"#uname\" operation=\"ne\"
			value=\"${st[self]}\"/>
		  </rule>
		</rsc_location>" >/dev/null 2>&1
}

# This node's word for it is not enough: what it wrote may have reached nobody.
nm_peer_is_told()
{
	nm_cib --host "${st[peer]}" "$(nm_own_constraint)"
}

nm_is_barred()
{
	nm_cib "//rsc_location[@id='$nm_constraint' and rule/expression/@value!='${st[self]}']"
}

nm_unbar_peer()
{
	timeout 15 cibadmin --delete --xpath "$(nm_own_constraint)" >/dev/null 2>&1
}
