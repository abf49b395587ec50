#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# status, list, wait-sync and the messages, on a made-up status line.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

gen=0123456789abcdef0123456789abcdef
none=00000000000000000000000000000000
good_config >etc/netmirror/r0.conf
leg a 32M
run create r0 --node alpha
run up r0 --node alpha
export NM="--node alpha"

# says STATUS-LINE: what the kernel tells from now on
says() {
	echo "$1" >dm/r0/.new
	mv dm/r0/.new dm/r0/status
}

# once PATTERN COMMAND...: in the background, when the next run has printed it
once() {
	local i

	: >out
	{
		for ((i = 0; i < 600; i++)); do
			grep -qE -- "$1" out && break
			sleep 0.1
		done
		"${@:2}"
	} &
}

# state NAME LINE STATE CODE ACTION-PATTERN
state() {
	says "$2"
	run status r0 --node alpha --exit-code
	is "$1: exit code" "$status" "$4"
	prints "$1: state" "state: $3"
	# Text is broken between words: join it again.
	tr -s ' \n' ' ' <out >joined
	mv joined out
	prints "$1: action" "$5"
	run status r0 --node alpha --json
	json "$1: JSON" ".state == \"${3%%:*}\" and .schema_version == 1"
}

state healthy "2 AA 256/256 idle 0 primary connected $gen 0 4 md_writes 7 timeout_ms 500 rw -" \
	healthy 0 'state: healthy: both legs are the same'
json "counters" '.counters == {md_writes: 7, timeout_ms: 500}'
json "sizes are bytes" '.size == 16777216 and .region_size == 65536 and .sync.left == 0'
json "generation" ".generation == \"$gen\""
json "legs" '.legs[0].node == "alpha" and .legs[0].local and .legs[1].address == "[fd00::2]:7791" and .legs[1].health == "in-sync"'
json "no refusal" '.link == {state: "connected", refusal: null, reason: null}'
json "not read-only" '.read_only == false and .needs_check == false'
json "the uuid" ".uuid == \"$UUID\""
state resyncing "2 Aa 64/256 resync 0 primary connected $gen 0 0 rw -" \
	"resyncing: 25.0% in sync, 12 MiB to copy to beta" 3 'wait-sync r0'
json "progress" '.sync.progress == 0.25 and .sync.left == 12582912 and .sync.eta == null and .sync.action == "resync"'
state recovering "2 aA 255/256 recover 3 primary connected $gen 0 0 rw -" \
	resyncing 3 'to copy from beta'
state frozen "2 Aa 64/256 frozen 0 primary connected $gen 0 0 rw -" \
	degraded 3 'copying is paused.*netmirrorctl resync r0'
state "peer lost" "2 AD 200/256 idle 0 primary connecting $gen 0 0 rw -" \
	degraded 3 'beta does not answer; 3.5 MiB are to be copied.*action: See that beta runs'
json "it is out of reach" '.legs[1].health == "unreachable"'
state "peer lost on a secondary" "2 AD 256/256 idle 0 secondary connecting $gen 0 0 rw -" \
	degraded 3 'promote --peer-fenced r0'
state "disconnected" "2 AD 256/256 idle 0 primary disconnected $gen 0 0 rw -" \
	stands-alone 3 'netmirrorctl connect r0'
state "split brain" "2 AD 256/256 idle 0 primary refused:split-brain $gen 0 0 rw -" \
	"stands-alone: stands alone, because both legs were written" 3 \
	'To keep those of this node, on beta: netmirrorctl demote r0; netmirrorctl connect --discard-my-changes r0; then here: netmirrorctl connect r0\. To keep those of beta, here, when nobody uses the mirror any more: netmirrorctl demote r0; .*then on beta: netmirrorctl connect r0\.'
json "refusal" '.link.state == "refused" and .link.refusal == "split-brain" and (.link.reason | length) > 0'
state "unrelated" "2 AD 256/256 idle 0 primary refused:unrelated $gen 0 0 rw -" \
	stands-alone 3 'On the node that is to be overwritten: netmirrorctl invalidate r0; netmirrorctl connect r0'
state "I/O waits for fencing" "2 AD 200/256 idle 0 primary connecting $gen 0 2 io_held fencing rw -" \
	degraded 3 'beta does not answer.*; I/O waits until beta is back, or is known to be out of use.*action: .*go on without it: netmirrorctl fence r0\.'
json "what it waits for" '.io_held == "fencing" and .counters.io_held == "fencing" and .outdated == false'
state "it stands alone and fences" "2 AD 200/256 idle 0 primary refused:split-brain $gen 0 2 io_held fencing rw -" \
	stands-alone 3 'I/O waits until beta is back.*netmirrorctl fence r0\.'
state "I/O waits for data" "2 DD 200/256 idle 0 primary connecting $gen 0 2 io_held peer rw -" \
	degraded 3 'I/O waits for beta, which has the only good leg'
state "I/O does not wait" "2 AD 200/256 idle 0 primary connecting $gen 0 2 io_held no rw -" \
	degraded 3 'copied when it is back action:'
json "it does not" '.io_held == "no"'
state "left behind" "2 aD 256/256 idle 0 secondary disconnected $gen 0 2 leg_flags 3 rw -" \
	stands-alone 3 'disconnected here.*; this node was left behind by the primary, to promote it takes --force.*action: When the peer may come back: netmirrorctl connect r0\. To use .* is lost then: netmirrorctl promote --force r0\.'
json "it knows" '.outdated == true'
state "left behind by a peer that is away" "2 aD 256/256 idle 0 secondary connecting $gen 0 2 leg_flags 3 rw -" \
	degraded 3 'this node was left behind by the primary'
is "no other way is offered" "$(grep -c peer-fenced out)" 0
state "left behind and connected again" "2 aA 255/256 recover 0 secondary connected $gen 0 2 leg_flags 2 rw -" \
	resyncing 3 'to copy from beta'
is "it gets what it missed" "$(grep -c 'left behind' out)" 0
state "not left behind" "2 AD 256/256 idle 0 secondary connecting $gen 0 2 leg_flags 1 rw -" \
	degraded 3 'promote --peer-fenced r0\. role'
for r in version uuid node-id size geometry features unrelated inconsistent \
	primary-stale two-primaries leg-failed disconnected protocol outdated; do
	state "refused:$r" "2 AD 256/256 idle 0 primary refused:$r $gen 0 0 rw -" \
		stands-alone 3 'action: .*(netmirrorctl|dmesg|kernel)'
done
state "no data" "2 aa 0/256 idle 0 secondary connected $none 0 0 rw -" \
	no-data 3 'promote --force r0'
json "no generation is null" '.generation == null'
state "leg failed" "2 DA 256/256 idle 0 primary connected $gen 0 0 rw -" \
	degraded 3 'leg of this node has failed; the application works with the leg of beta alone.*Here: .*attach r0.*replace-leg r0 --leg'
json "the local leg has failed" '.legs[0].health == "failed" and .legs[1].health == "in-sync"'
state "peer's leg failed" "2 AD 256/256 idle 0 primary connected $gen 0 0 rw -" \
	degraded 3 'leg of beta has failed.*On beta: when the device is well again, netmirrorctl attach r0'
json "the peer's leg has failed" '.legs[1].health == "failed"'
state "needs check" "2 AA 256/256 idle 0 primary connected $gen 0 0 ro needs_check" \
	failed 3 'metadata could not be written'
json "read-only" '.read_only and .needs_check'
state "failed" "Fail" failed 3 'netmirrorctl down r0; netmirrorctl up r0'
json "nothing else is known" '.role == null and .link == null and .sync == null and .legs[0].health == null'
state "features" "2 AA 256/256 idle 0 secondary connected $gen 2 no_discard x 2 peer_writes 9 rw -" \
	healthy 0 'idle, 100.00% in sync, 0 KiB left'
json "feature list" '.features == ["no_discard", "x"]'
state "a check" "2 AA 256/256 check 0 primary connected $gen 0 2 verify_left 64 rw -" \
	healthy 0 'sync: check, 75.00% compared, 4 MiB left'
json "its progress" '.sync.progress == 0.75 and .sync.left == 4194304 and .sync.action == "check"'
state "a check that found something" "2 AA 256/256 check 2 secondary connected $gen 0 2 verify_left 64 rw -" \
	degraded 3 'legs differ in 2 regions.*Wait for the end of the check.*4 MiB left, 2 mismatches'
state "mismatches" "2 AA 256/256 idle 2 secondary connected $gen 0 2 verify_left 0 rw -" \
	degraded 3 'legs differ in 2 regions.*on the primary: netmirrorctl repair r0'
json "they are counted" '.sync.mismatches == 2 and .sync.not_compared == 0 and .sync.left == 0'
state "a check that ended early" "2 AA 256/256 idle 0 primary connected $gen 0 2 verify_left 64 rw -" \
	healthy 0 'ended early.*netmirrorctl check r0'
json "how much it left out" '.sync.not_compared == 4194304 and .sync.left == 0 and .sync.progress == 1'
echo 1 >dm/r0/suspended
state "suspended" "2 AA 256/256 idle 0 primary refused:suspended $gen 0 0 rw -" \
	suspended 3 'dmsetup resume r0'
rm dm/r0/suspended
run status r0 --node alpha
is "no exit code unless asked" "$status" 0

for line in "" "2" "3 AAA 1/1 idle 0 primary connected $gen 0 0 rw -" \
	"2 AA 1 idle 0 primary connected $gen 0 0 rw -" \
	"2 AA 2/1 idle 0 primary connected $gen 0 0 rw -" \
	"2 AX 1/1 idle 0 primary connected $gen 0 0 rw -" \
	"2 AA 1/1 idle x primary connected $gen 0 0 rw -" \
	"2 AA 1/1 idle 0 primary refused:nonsense $gen 0 0 rw -" \
	"2 AA 1/1 idle 0 primary connected $gen 9 0 rw -" \
	"2 AA 1/1 idle 0 primary connected $gen 99999999999 0 rw -" \
	"2 AA 1/1 idle 0 primary connected $gen 0 3 a 1 b rw -" \
	"2 AA 1/1 idle 0 primary connected $gen 0 1 rw -" \
	"2 AA 1/1 idle 0 primary connected $gen 0 2 verify_left x rw -" \
	"2 AA 1/1 idle 0 primary connected $gen 0 2 verify_left 2 rw -" \
	"$(yes x | head -n 200 | xargs)"; do
	says "$line"
	refuses 1 "nonsense: ${line:0:60}" 'cannot understand the status' status r0 --node alpha
done

# --- list
says "2 Aa 64/256 resync 0 primary connected $gen 0 0 rw -"
sed -i "s/alpha/$(hostname)/" etc/netmirror/r0.conf
cp -r dm/r0 dm/other
good_config | sed "s/$UUID/$UUID2/; s/alpha/$(hostname)/" >etc/netmirror/r1.conf
exits 0 "list" list
is "what is not up is left out" "$(grep -c '^r1' out)" 0
result "$(grep -q '1 configured mirror is not up' err; echo $?)" "and is told of"
exits 0 "list all" list --all
prints "one that is up" '^r0 +resyncing +primary +connected +16 MiB +r0$'
prints "one that is down" '^r1 +down +- +- +- +-$'
prints "one without configuration" '^other +resyncing .* other$'
exits 0 "list as JSON" list --json --all
json "three of them" '[.mirrors[].name] == ["r0", "r1", "other"] and .schema_version == 1'
json "down is null" '.mirrors[1] | .role == null and .size == null and .state == "down"'
run status r1 --exit-code
is "status of one that is down" "$status" 3
prints "says how to start it" 'netmirrorctl up r1'
exits 0 "status without configuration" status other
echo '[mirror' >etc/netmirror/r2.conf
exits 1 "list goes on after a bad configuration" list --all
prints "and has the others" '^r1 +down'
rm etc/netmirror/r[12].conf
rm -r dm/other
exits 4 "status of what is not there" status r9

# --- wait-sync
says "2 AA 256/256 idle 0 primary connected $gen 0 0 rw -"
exits 0 "wait-sync, in sync" wait-sync r0
says "2 Aa 64/256 resync 0 primary connected $gen 0 0 rw -"
refuses 6 "wait-sync, timeout" 'not in sync after 1 seconds' wait-sync r0 --timeout 1
prints "plain lines" '^r0 resyncing: 25.00%, 12 MiB left'
once 'r0 resyncing' says "2 AA 256/256 idle 0 primary connected $gen 0 0 rw -"
exits 0 "wait-sync, until it is" wait-sync r0 --timeout 50
wait
says "2 AD 256/256 idle 0 primary refused:split-brain $gen 0 0 rw -"
refuses 1 "wait-sync, in vain" 'in vain: stands alone, because both' wait-sync r0 --timeout 20
says "2 AD 256/256 idle 0 primary disconnected $gen 0 0 rw -"
refuses 1 "wait-sync, disconnected" 'in vain.*connect r0' wait-sync r0 --timeout 20
says "2 aa 0/256 idle 0 secondary connected $none 0 0 rw -"
refuses 1 "wait-sync, no data" 'in vain: neither leg' wait-sync r0 --timeout 20

# --- watch: every change gets a line
says "2 AA 256/256 idle 0 primary connected $gen 0 0 rw -"
watched() {
	jq -r .state watched 2>/dev/null | uniq | xargs
}

# sees STATES: those were printed up to now, within a while
sees() {
	local i

	for ((i = 0; i < 600; i++)); do
		[ "$(watched)" != "$1" ] || return 0
		sleep 0.1
	done
}

timeout 300 "$NM_TOOL" status r0 --watch --json >watched 2>err &
watcher=$!
sees "healthy"
says "2 AD 200/256 idle 0 primary connecting $gen 0 0 rw -"
echo 1 >dm/r0/event
sees "healthy degraded"
says "2 AA 256/256 idle 0 primary connected $gen 0 0 rw -"
echo 2 >dm/r0/event
sees "healthy degraded healthy"
kill $watcher
wait $watcher 2>/dev/null
keep_json status watched
is "watch" "$(watched)" "healthy degraded healthy"

# --- of more than one
good_config | sed "s/$UUID/$UUID2/; s/alpha/$(hostname)/" >etc/netmirror/r1.conf
run status
is "all: each mirror" "$(sed -n 's/^ *mirror: //p' out | xargs)" "r0 r1"
run status r1 r0 --json
is "those that are named" "$(jq -r '.name + "=" + .state' out | xargs)" "r1=down r0=healthy"
run status --exit-code --quiet
is "the worst is the exit code" "$status $(cat out)" "3 "
run status r0 --exit-code --quiet
is "a healthy one alone" "$status $(cat out)" "0 "
exits 2 "watch all" status --watch
rm etc/netmirror/r1.conf

# --- colours: on a terminal, unless somebody wants none
coloured() {
	script -qec "$NM_TOOL status r0 $*" /dev/null </dev/null |
		grep -c $'\033'
}
[ "$(coloured)" -gt 0 ]
result $? "colours on a terminal"
is "--no-color" "$(coloured --no-color)" 0
is "NO_COLOR" "$(NO_COLOR=1 coloured)" 0
run status r0
is "none elsewhere" "$(grep -c $'\033' out)" 0

# --- messages
rm -f dm/r0/messages
commands="promote promote:--force promote:--peer-fenced demote connect \
	connect:--discard-my-changes fence unfence disconnect attach invalidate \
	invalidate:--peer check repair idle pause resync"
for c in $commands; do
	c=${c/:/ }
	# shellcheck disable=SC2086
	exits 0 "$c, dry run" ${c%% *} r0 ${c#"${c%% *}"} --dry-run
	cat out >>dry
done
is "nobody was told anything" "$(ls dm/r0/messages 2>/dev/null)" ""
exits 0 "check --wait, dry run" check r0 --wait --dry-run
for c in $commands; do
	c=${c/:/ }
	# shellcheck disable=SC2086
	exits 0 "$c" ${c%% *} r0 ${c#"${c%% *}"}
done
is "as the dry run said" "$(cat dm/r0/messages)" "$(sed 's/^dmsetup message r0 0 //' dry)"
is "what the kernel was told" "$(cat dm/r0/messages)" "promote
promote force
promote peer_fenced
demote
connect
connect discard
peer_fenced
peer_unfenced
disconnect
attach
invalidate_local
invalidate_remote
check
repair
idle
frozen
resync"
echo no-evidence >dm/r0/reply
refuses 5 "a refusal by name" 'cannot promote r0: nothing proves that the peer is not in use; .*--peer-fenced' promote r0
for r in is-primary connected not-primary holds-io; do
	echo $r >dm/r0/reply
	refuses 5 "$r" 'cannot go on without the peer of r0: ' fence r0
done
echo goes-on >dm/r0/reply
refuses 5 "goes-on" 'cannot hold the I/O of r0: this primary goes on without its peer' unfence r0
echo is-primary >dm/r0/reply
refuses 5 "a primary keeps its changes" 'cannot give up the changes of r0: this node is primary, .*; demote it first' \
	connect r0 --discard-my-changes
echo 'the moon is full' >dm/r0/reply
refuses 5 "a refusal in a sentence" 'cannot demote r0: the moon is full' demote r0
rm dm/r0/reply
echo 16 >dm/r0/errno
refuses 5 "busy" 'cannot demote r0, device r0: Device or resource busy; .*dmesg' demote r0
echo 1 >dm/r0/errno
echo split-brain >dm/r0/why
refuses 5 "the kernel tells why" 'cannot connect r0: both legs were written' connect r0
: >dm/r0/why
refuses 5 "it does not" 'Operation not permitted' connect r0
rm dm/r0/why
echo 22 >dm/r0/errno
refuses 1 "another error" 'cannot connect r0, device r0: Invalid argument' connect r0
echo 1 >dm/r0/errno
echo not-primary >dm/r0/why
refuses 5 "a check on the wrong node" 'cannot check the legs of r0: this node is not primary; give the command on the primary' check r0 --wait
rm dm/r0/why dm/r0/errno

# --- check --wait, repair --wait
# verifies ACTION MISMATCHES LEFT
verifies() {
	says "2 AA 256/256 $1 $2 primary connected $gen 0 2 verify_left $3 rw -"
}

verifies check 0 64
once 'r0 check' verifies idle 0 0
exits 0 "check --wait" check r0 --wait
wait
prints "its progress" '^r0 check: 75.00%, 4 MiB left'
prints "its end" '^r0: both legs are the same'
verifies check 1 64
once 'r0 check' verifies idle 2 0
refuses 3 "check --wait finds differences" 'legs of r0 differ in 2 regions; .*status r0' check r0 --wait
wait
verifies repair 0 64
once 'r0 repair' verifies idle 0 32
refuses 1 "repair --wait that ends early" 'repair of r0 ended early, 2 MiB were not compared' repair r0 --wait
wait
verifies check 0 64
once 'r0 check' says Fail
refuses 1 "check --wait of a mirror that fails" 'did not end: the mirror has failed' check r0 --wait
wait
rm -r dm/r0
refuses 4 "a mirror that is down" 'is down: there is no device r0; start it' promote r0
exits 4 "a mirror that is not there" promote r9
done_testing
