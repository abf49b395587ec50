#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# agent.t - the resource agent and its guard, with stand-ins for netmirrorctl and for
# Pacemaker's tools. What the mirror is like is in the file "mirror", what the cluster
# knows in "cib.xml" and in "constraint". Real ones are in tests/scripts/cluster.t.

set -u
top=$(dirname "$(readlink -f "$0")")/..
# shellcheck source=lab/tap.sh
. "$top/tests/lab/tap.sh"

work=$(mktemp -d)
trap 'kill $(cat "$work"/run/*.pid 2>/dev/null) 2>/dev/null; rm -rf "$work"' EXIT
cd "$work" || exit
mkdir bin run
make -s -C "$top/cluster" DESTDIR="$work/root" OCF_ROOT=/ocf install || bail_out "no agent"
cp -r /usr/lib/ocf/lib/heartbeat root/ocf/lib/ || bail_out "resource-agents is not installed"
agent=$work/root/ocf/resource.d/netmirror/netmirror

export work PATH="$work/bin:$PATH" OCF_ROOT=$work/root/ocf HA_RSCTMP=$work/run
export OCF_FUNCTIONS_DIR=$OCF_ROOT/lib/heartbeat HA_LOGFILE=$work/log HA_debug=0
export OCF_RESOURCE_INSTANCE=r0 OCF_RESKEY_mirror=r0 OCF_RESKEY_connect_wait=1
export OCF_RESKEY_CRM_meta_timeout=2000 OCF_RESKEY_CRM_meta_interval=10000

# --- stand-ins ---------------------------------------------------------------------

# The mirror: "key value" lines; without the file it is not configured.
cat >bin/netmirrorctl <<'END'
#!/bin/bash
cd "$work" || exit
value() { awk -v key="$1" '$1 == key { print $2 }' mirror; }
change() { sed -i "s/^$1 .*/$1 $2/" mirror; }
say() { echo "netmirrorctl: $*" >&2; }
json()
{
	jq -n --arg up "$(value up)" --arg state "$(value state)" --arg role "$(value role)" \
		--arg link "$(value link)" --arg local "$(value local)" --arg remote "$(value remote)" \
		--arg held "$(value held)" --arg losses "$(value losses)" \
		--argjson outdated "$(value outdated)" --argjson blank "$(value blank)" \
		--argjson check "$(value check)" 'def known(x): if $up == "yes" then x else null end; {
			state: (if $up == "yes" then $state else "down" end), what: "is as it is",
			role: known($role), link: known({state: $link}), io_held: known($held),
			outdated: known($outdated), needs_check: known($check),
			generation: known(if $blank then null else "1" end),
			legs: [{node: "node1", local: true, health: known($local)},
				{node: "node2", local: false, health: known($remote)}],
			counters: known({link_losses: ($losses | tonumber)})}' -c
}
[ -e mirror ] || { say "there is no mirror r0"; exit 4; }
echo "$*" >>commands
case $1 in
status)
	# Before it is read: what changes meanwhile is told, too.
	last=$(stat -c %Y.%y mirror)
	json
	case $* in
	*--watch*)
		while sleep 0.1; do
			now=$(stat -c %Y.%y mirror) || exit # the test is over
			[ "$now" = "$last" ] || json
			last=$now
		done ;;
	esac ;;
up)
	[ "$(value leg)" = yes ] || { say "there is no leg"; exit 1; }
	case $* in
	*--dry-run*) echo "dmsetup create r0 --table '... on_peer_loss $(value policy)'" ;;
	*) change up yes; change role secondary ;;
	esac ;;
down)
	change up no ;;
promote)
	case "$(value link):$*" in
	connected:* | *--peer-fenced*) change role primary ;;
	*) say "nothing proves that the peer is not in use"; exit 5 ;;
	esac ;;
demote)
	[ "$(value open)" = no ] || { say "the device is in use"; exit 5; }
	change role secondary ;;
fence)
	change held no ;;
esac
END

cat >bin/cibadmin <<'END'
#!/bin/bash
cd "$work" || exit
host= xpath= text= what= path=
while [ $# -gt 0 ]; do
	case $1 in
	--query | --create | --delete) what=$1 ;;
	--node-path) path=yes ;;
	--host) host=$2; shift ;;
	--xpath) xpath=$2; shift ;;
	--xml-text) text=$2; shift ;;
	--scope) shift ;;
	esac
	shift
done
cib() { sed -e "/<constraints>/r $1" cib.xml; }
matches() { cib constraint | xmllint --xpath "$xpath" - >/dev/null 2>&1; }
[ -z "$host" ] || [ ! -e deaf ] || exit 124
case $what in
--query)
	[[ $xpath != *$'\n'* ]] || exit 105
	if [ -n "$path" ]; then
		echo "/cib/configuration/resources/clone[@id='ms-r0']"
	elif [ -n "$host" ] && [ -e untold ] && [[ $xpath = *rsc_location* ]]; then
		exit 105
	else
		matches || exit 105
	fi ;;
--create)
	[ ! -s constraint ] || exit 76
	echo "$text" >constraint
	echo "bar" >>commands ;;
--delete)
	if matches; then : >constraint; fi ;;
esac
END

cat >bin/crm_attribute <<'END'
#!/bin/bash
case $* in
"--promotion -v "*) echo "$3" >"$work/score" ;;
"--promotion -D") echo none >"$work/score" ;;
esac
END

cat >bin/crm_node <<'END'
#!/bin/bash
echo node1
END

cat >bin/dmsetup <<'END'
#!/bin/bash
if grep -q '^up yes' "$work/mirror" 2>/dev/null; then echo "r0	(253:0)"; else echo "No devices found"; fi
END
printf '#!/bin/sh\nexec "$@"\n' >bin/setsid
chmod +x bin/*

# mirror KEY=VALUE...: as it is when both nodes are well, but for that
mirror()
{
	local word

	printf '%s\n' 'up yes' 'state healthy' 'role secondary' 'link connected' 'local in-sync' \
		'remote in-sync' 'held no' 'losses 0' 'outdated false' 'blank false' 'check false' \
		'leg yes' 'policy fence' 'open no' >new
	for word in "$@"; do sed -i "s/^${word%%=*} .*/${word%%=*} ${word#*=}/" new; done
	mv new mirror
}

# cib ATTRIBUTES-OF-NODE2 [LAST-OPERATION-THERE]
member='in_ccm="true" crmd="online" join="member" expected="member"'
fenced='in_ccm="false" crmd="offline" join="down" expected="down"'
lost='in_ccm="false" crmd="offline" join="member" expected="member"'
fencing='<nvpair id="f" name="stonith-enabled" value="true"/>'
cib()
{
	local peer=

	[ -z "$1" ] || peer="<node_state uname=\"node2\" $1><lrm id=\"2\"><lrm_resources>
		<lrm_resource id=\"r0\">${2-}</lrm_resource></lrm_resources></lrm></node_state>"
	cat >cib.xml <<-END
	<cib><configuration>
	<crm_config><cluster_property_set id="b">$fencing</cluster_property_set></crm_config>
	<constraints>
	</constraints></configuration>
	<status>
	<node_state uname="node1" $member/>
	$peer
	</status></cib>
	END
}

# last OPERATION RC STATUS
last()
{
	echo "<lrm_rsc_op id=\"r0_last_0\" operation=\"$1\" rc-code=\"$2\" op-status=\"$3\"/>"
}

nobody_is_barred()
{
	: >constraint
}

# node1 or node2 is the one that may be promoted
constraint_of()
{
	echo "<rsc_location id=\"netmirror-fence-r0\"><rule><expression value=\"$1\"/></rule></rsc_location>" >constraint
}

act()
{
	: >commands
	timeout 60 "$agent" "$1"
}

until_ok()
{
	local end=$((SECONDS + 15))

	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.1
	done
}

guard_is_gone()
{
	flock -n run/netmirror-r0.guard true
}

# --- what it says about itself ----------------------------------------------------------

cp /usr/share/resource-agents/ra-api-1.dtd . || bail_out "no ra-api-1.dtd"
"$agent" meta-data >meta.xml
ok "the meta-data are valid" xmllint --noout --valid meta.xml
for action in start stop monitor promote demote notify reload-agent meta-data validate-all; do
	ok "they have the action $action" grep -q "<action name=\"$action\"" meta.xml
done
status_is 3 "an action that is none" act migrate_to

# --- monitor and score -------------------------------------------------------------------

# state_is CODE SCORE NAME KEY=VALUE...
state_is()
{
	mirror "${@:4}"
	echo none >score
	status_is "$1" "$3" act monitor
	is "$(cat score)" "$2" "score $2: $3"
}

cib "$member"
nobody_is_barred
state_is 0 10000 "connected and in sync"
state_is 8 10000 "primary, connected" role=primary
state_is 0 10 "connected and behind" local=out-of-sync
state_is 8 10 "a primary that lives on the peer's leg" role=primary local=failed
state_is 0 none "a secondary whose leg failed" local=failed
state_is 0 none "neither leg has data" local=out-of-sync remote=out-of-sync blank=true
state_is 0 5 "it has not met its peer" link=connecting remote=unreachable
state_is 0 1000 "it lost its peer" link=connecting remote=unreachable losses=1
state_is 8 10000 "primary alone" role=primary link=connecting remote=unreachable losses=1
state_is 8 1000 "primary that holds its I/O" role=primary link=connecting remote=unreachable held=fencing
state_is 0 none "outdated" link=connecting remote=unreachable outdated=true local=out-of-sync
state_is 0 none "behind, without the peer" link=connecting remote=unreachable local=out-of-sync
state_is 0 none "refused" link=refused remote=unreachable losses=1
state_is 0 none "disconnected by a person" link=disconnected remote=unreachable
state_is 8 10000 "a refused primary stays" role=primary link=refused remote=unreachable
state_is 9 none "a failed primary" state=failed role=primary check=true
state_is 1 none "a failed secondary" state=failed check=true
state_is 9 none "a primary without any leg" role=primary link=connecting local=failed remote=unreachable
state_is 7 none "down" up=no
rm mirror
status_is 7 "not configured" act monitor
OCF_TESTER_FAIL_HAVE_BINARY=1 OCF_RESKEY_CRM_meta_interval=0 status_is 7 "no program, no mirror" act monitor

# --- validate ----------------------------------------------------------------------------

mirror
ok "all is there" act validate-all
status_is 5 "the mirror is not configured" env OCF_RESKEY_mirror=r0 bash -c 'mv mirror away; "$0" validate-all; status=$?; mv away mirror; exit $status' "$agent"
OCF_RESKEY_mirror='' status_is 6 "no name is given" act validate-all
mirror leg=no
status_is 5 "the leg is missing" act validate-all
mirror policy=continue
status_is 5 "a primary that goes on when it is cut off" act validate-all
mirror
sed -i s/node1/elsewhere/ bin/crm_node
status_is 5 "another name in the cluster" act validate-all
sed -i s/elsewhere/node1/ bin/crm_node

# Monitor has started a guard. If that saw the primary that held its I/O, it barred the
# peer, which must not be taken for what promote does.
kill "$(cat run/*.pid)"
ok "a guard is there, and ends" until_ok guard_is_gone
nobody_is_barred

# --- promotion -----------------------------------------------------------------------------

# promotes NAME KEY=VALUE... and refuses NAME KEY=VALUE...: without the peer
alone='link=connecting remote=unreachable losses=1'
promotes()
{
	# shellcheck disable=SC2086 # a list
	mirror $alone "${@:2}"
	ok "promoted: $1" act promote
	ok "by --peer-fenced: $1" grep -q "^promote r0 .*--peer-fenced" commands
	is "$(grep -cE '^bar|^promote' commands) $(grep -E '^bar|^promote' commands | head -n 1)" "2 bar" \
		"the peer was barred before that: $1"
	nobody_is_barred
}

refused()
{
	# shellcheck disable=SC2086 # a list
	mirror $alone "${@:2}"
	nok "not promoted: $1" act promote
	nok "nothing was claimed: $1" grep -q "peer-fenced" commands
	nok "nobody was barred: $1" grep -q "^bar" commands
}

cib "$fenced"
promotes "the peer was fenced"
cib 'in_ccm="0" crmd="0" join="down" expected="down"'
promotes "the same as later Pacemakers say it"
fencing='' cib "$fenced"
promotes "fencing is the default"
fencing='<nvpair id="f" name="stonith-enabled" value="false"/>' cib "$fenced"
refused "the cluster does not fence"
cib "$lost"
refused "the peer is lost"
cib 'in_ccm="false" crmd="offline" join="down"'
refused "nobody knows what was expected of the peer"
cib ""
refused "the peer was never seen"
cib "$member" "$(last promote 0 0)"
refused "the peer is primary"
cib "$member" "$(last start 0 0)"
refused "the peer runs"
cib "$member" "$(last start 193 -1)"
refused "the peer starts"
cib "$member" "$(last stop 193 -1)"
refused "the peer stops"
cib "$member" "$(last stop 1 0)"
refused "the peer cannot stop"
cib "$member"
refused "the peer was not probed"
cib "$member" "$(last stop 0 0)"
promotes "the peer has stopped"
cib "$member" "$(last monitor 7 0)"
promotes "the peer was found not to run"
cib "$member" "$(last monitor 0 0)"
refused "the peer was found to run"
cib "$lost" "$(last stop 0 0)"
refused "the peer had stopped, and then was lost"
cib "$fenced"
refused "outdated" outdated=true local=out-of-sync
constraint_of node2
refused "barred by the other node"
constraint_of node1
mirror link=connecting remote=unreachable
ok "promoted: the peer is barred already" act promote
nobody_is_barred
mirror
cib "$member" "$(last start 0 0)"
ok "promoted: the peer is connected" act promote
nok "nothing was claimed" grep -q peer-fenced commands
ok "promoted: primary already" act promote

# --- demote, stop --------------------------------------------------------------------------

mirror role=primary open=yes
nok "a device in use is not demoted" act demote
nok "nor stopped" act stop
mirror role=primary
ok "demoted" act demote
ok "demoted already" act demote
mirror role=primary
ok "a primary is stopped" act stop
is "$(grep -cE '^(demote|down)' commands)" 2 "after its demotion"
is "$(cat score)" none "without a score"
ok "stopped already" act stop
mirror up=no
status_is 7 "what does not run is not demoted" act demote
status_is 7 "nor promoted" act promote

# --- the guard -----------------------------------------------------------------------------

barred_by_us()
{
	grep -q 'value="node1"' constraint
}

nobody_barred()
{
	[ ! -s constraint ]
}

held_is()
{
	grep -q "^held $1" mirror
}

# for as long as a guard takes to do something
still()
{
	sleep 3
	"$@"
}

holds='role=primary link=connecting remote=unreachable held=fencing state=degraded'
nobody_is_barred
mirror up=no
cib "$member"
ok "started" act start
# shellcheck disable=SC2086 # a list
mirror $holds
ok "the peer's cluster answers and knows: I/O goes on" until_ok held_is no
ok "the peer is barred" barred_by_us
mirror role=primary remote=out-of-sync state=resyncing
ok "still barred while it is filled" still barred_by_us
mirror role=primary
ok "barred no more when it is in sync" until_ok nobody_barred

: >untold
# shellcheck disable=SC2086 # a list
mirror $holds
ok "the peer has not got the constraint: I/O is held" still held_is fencing
rm untold
ok "it has: I/O goes on" until_ok held_is no
mirror role=primary
until_ok nobody_barred

: >deaf
cib "$lost"
# shellcheck disable=SC2086 # a list
mirror $holds
ok "the peer is lost: I/O is held" still held_is fencing
ok "and nothing is written into this part of the cluster" nobody_barred
cib "$fenced"
ok "it is fenced: I/O goes on" until_ok held_is no
ok "and it is barred" barred_by_us
rm deaf
mirror role=primary
until_ok nobody_barred

constraint_of node2
cib "$member"
# shellcheck disable=SC2086 # a list
mirror $holds
ok "barred by the other node: I/O is held" still held_is fencing
mirror role=primary
ok "the constraint of another node stays" still grep -q node2 constraint
nobody_is_barred
kill -KILL "$(cat run/*.pid)"
ok "the guard is killed" until_ok guard_is_gone
status_is 8 "a monitor starts it again" act monitor
# shellcheck disable=SC2086 # a list
mirror $holds
ok "it works" until_ok held_is no
mirror
ok "stopped" act stop
ok "so is the guard" until_ok guard_is_gone

# --- the tester of OCF -------------------------------------------------------------------------

mirror up=no
nobody_is_barred
cib "$member"
chmod -R a+rX "$work"
ok "ocf-tester is content" ocf-tester -n r0 -o mirror=r0 -o connect_wait=1 "$agent"
done_testing
