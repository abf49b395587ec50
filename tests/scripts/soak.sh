#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# soak.sh - random faults under load, one after the other (make soak).
#
#   r0-a in guest 1 <-- link --> r0-b in guest 2, each leg a dm device on a disk with
#   a volatile cache
#
#   SOAK_MINUTES 60    SOAK_SEED    of all that is left to chance, by default random
#
# A round is up to four faults under a load of durable and other writes.  Then the nodes
# must come together by themselves, no write may have failed, everything acknowledged
# is there (I1, I2), the legs are the same (I3, I4, I6, I7), and no kernel complained.
# The faults are drawn in this shell only, so that a seed always gives the same ones.
# Ends with "N passed, N failed", in rounds; what failed starts anew with new legs.

set -u
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"
# shellcheck source=dm-leg.sh
. "$top/tests/scripts/dm-leg.sh"
# shellcheck source=lossy.sh
. "$top/tests/scripts/lossy.sh"

seed=${SOAK_SEED:-$((RANDOM * 32768 + RANDOM))}
LINK=rdma
LAB_LEG_SIZE=64M
MIRROR_LEG_A=/dev/mapper/leg-a
MIRROR_LEG_B=/dev/mapper/leg-b
passed=0 failed=0 round=0 faults=0

mirror_boot
# shellcheck source=journal.sh
. "$top/tests/scripts/journal.sh"
# shellcheck source=disturb.sh
. "$top/tests/scripts/disturb.sh"
# shellcheck disable=SC2034 # for lab.sh: every command
exec {LAB_TRACE_FD}>"$LAB_DIR/trace"

say()
{
	printf '%s round %d: %s\n' "$(date +%T)" "$round" "$*" | tee -a "$LAB_DIR/trace"
}

# must NAME COMMAND...: or the round has failed
must()
{
	"${@:2}" >"$LAB_DIR/out" 2>&1 && return
	say "FAILED: $1"
	tail -n 20 "$LAB_DIR/out" | sed 's/^/    /'
	well=no
	return 1
}

# pick WORD...: sets $picked to one of them
pick()
{
	local i=$((RANDOM % $# + 1))

	picked=${!i}
}

# pick_time LOW HIGH: sets $picked to so many seconds, given in tenths
pick_time()
{
	local tenths=$((RANDOM % ($2 - $1 + 1) + $1))

	picked=$((tenths / 10)).$((tenths % 10))
}

other()
{
	if [ "$1" = a ]; then echo b; else echo a; fi
}

# --- the mirror and its load -------------------------------------------------------

begin()
{
	must "$p writes" writes "$p" "$batch"
	load "$p" "bulk$writers" --rw=randwrite --bsrange=4k-64k --iodepth=8 --norandommap \
		--offset=10M --size=50M --rate_iops=60 --time_based --runtime=1000
}

no_error()
{
	! grep -E 'journal: |err=[^0]*[1-9]' "$(lab_out "writer$writers")" "$(lab_out "bulk$writers")"
}

end()
{
	writes_end
	lab_stop "bulk$writers" INT 2>/dev/null
	lab_wait "bulk$writers" 20
	must "no write failed" no_error
}

# returns NODE...: their machines boot, and the mirror on them starts
returns()
{
	local node guests=()

	for node in "$@"; do guests+=("$(guest "$node")"); done
	must "guests ${guests[*]} boot" back "${guests[@]}" || return
	for node in "$@"; do
		must "$node is up" \
			eval "disturb_ready $node && leg $node well && ctl $node up"
	done
}

connected()
{
	st_is a link connected && st_is b link connected
}

both_well()
{
	connected && in_sync
}

cut_power()
{
	local n

	if [ "$lossy" = yes ]; then
		power_lost "$@"
	else
		for n in "$@"; do lab_power_cut "$n" || return; done
	fi
}

# new_mirror: from whatever is there
new_mirror()
{
	local n

	for n in 1 2; do
		lab_link_heal "$n"
		lab_power_cut "$n"
	done
	lab_console_accept
	: >"$acked"
	back 1 2 && disturb_ready a b && leg a well && leg b well &&
		ctl a create --source --force && ctl b create --force && mirror_up &&
		lab_until 60 in_sync && ctl a promote
	p=a
}

# --- faults ------------------------------------------------------------------------
# Each draws first, says what it does, does it and takes it back.  $p is the primary.

fault_cut()
{
	pick_time 1 50
	say "the link is cut for $picked s"
	lab_link_cut 1
	sleep "$picked"
	lab_link_heal 1
}

fault_flap()
{
	local i

	say "the link flaps"
	for i in 1 2 3 4 5; do
		pick_time 1 12
		lab_link_cut 1
		sleep "$picked"
		lab_link_heal 1
		pick_time 1 12
		sleep "$picked"
	done
}

fault_oneway()
{
	local n way

	pick 1 2; n=$picked
	pick in out; way=$picked
	pick_time 1 50
	say "nothing comes $way at guest $n for $picked s"
	lab_link_cut_oneway "$n" "$way"
	sleep "$picked"
	lab_link_heal "$n"
}

fault_bad_network()
{
	local how

	pick "loss 2%" "loss 5%" "delay 5ms reorder 75%" "duplicate 5%" "corrupt 1%" "delay 30ms"
	how=$picked
	pick_time 10 40
	say "network: $how for $picked s"
	must "the network is bad" disturb "$how"
	sleep "$picked"
	must "it is well again" calm
}

fault_freeze()
{
	local n

	pick 1 2; n=$picked
	pick_time 1 50
	say "guest $n is frozen for $picked s"
	lab_freeze "$n"
	sleep "$picked"
	lab_thaw "$n"
}

fault_power_of_secondary()
{
	local s

	s=$(other "$p")
	pick yes no; lossy=$picked
	pick_time 0 20
	say "$s, secondary, loses power for $picked s (and unflushed writes: $lossy)"
	must "power" cut_power "$(guest "$s")"
	sleep "$picked"
	returns "$s"
}

# What the primary wrote alone is on it alone: then it has to come back first.
fault_power_of_primary()
{
	local s wrote_alone console

	s=$(other "$p")
	console=$LAB_DIR/console.$(guest "$p")
	pick yes no; lossy=$picked
	pick_time 0 20
	say "$p, primary, loses power for $picked s (and unflushed writes: $lossy)"
	wrote_alone=$(grep -ac 'writes go on alone' "$console")
	both_well || wrote_alone=
	must "power" cut_power "$(guest "$p")"
	end
	if [ "$wrote_alone" = "$(grep -ac 'writes go on alone' "$console")" ]; then
		say "$s takes over"
		must "$s notices" until_st 10 "$s" link connecting
		must "$s is promoted" ctl "$s" promote --peer-fenced
		must "nothing is lost" nothing_is_lost "$s"
		p=$s
		begin
		sleep "$picked"
		returns "$(other "$p")"
	else
		say "$p has to come back"
		returns "$p"
		must "connected" until_st 30 "$p" link connected
		must "$p is promoted" ctl "$p" promote
		must "nothing is lost" nothing_is_lost "$p"
		begin
	fi
}

fault_power_of_both()
{
	pick yes no; lossy=$picked
	pick a b
	say "both lose power (and unflushed writes: $lossy), then $picked is promoted"
	must "power" cut_power 1 2
	end
	returns a b
	must "connected" lab_until 30 connected
	p=$picked
	must "$p is promoted" ctl "$p" promote
	must "nothing is lost" nothing_is_lost "$p"
	begin
}

fault_suspend()
{
	local node

	pick a b; node=$picked
	pick_time 1 40
	say "$node is suspended for $picked s"
	must "suspend" on "$node" 'dmsetup suspend ${DEV##*/}'
	sleep "$picked"
	must "resume" on "$node" 'dmsetup resume ${DEV##*/}'
}

fault_reload()
{
	pick a b
	say "$picked is reloaded"
	must "reload" on "$picked" 'dmsetup table ${DEV##*/} | dmsetup reload ${DEV##*/} &&
		dmsetup suspend ${DEV##*/} && dmsetup resume ${DEV##*/}'
}

fault_disconnect()
{
	local node

	pick a b; node=$picked
	pick_time 0 30
	say "$node is disconnected for $picked s"
	must "disconnect" ctl "$node" disconnect
	sleep "$picked"
	must "connect" ctl "$node" connect
}

fault_down()
{
	local s

	s=$(other "$p")
	pick_time 0 30
	say "$s is down for $picked s"
	must "down" ctl "$s" down
	sleep "$picked"
	must "up" ctl "$s" up
}

# In the middle of a resync, if there is one.
fault_switch()
{
	say "the roles change"
	must "connected" lab_until 40 connected
	end
	must "$p is demoted" lab_until 10 ctl "$p" demote
	p=$(other "$p")
	must "$p is promoted" lab_until 10 ctl "$p" promote
	must "nothing is lost" nothing_is_lost "$p"
	begin
}

fault_invalidate()
{
	say "$(other "$p") is invalidated"
	must "connected" lab_until 40 connected
	must "invalidate" ctl "$(other "$p")" invalidate
}

# Without another good leg the application would get the error.
fault_leg()
{
	local node

	pick a b; node=$picked
	pick_time 5 30
	say "the leg of $node fails for $picked s"
	must "both are well" lab_until 60 both_well
	must "the leg fails" leg "$node" dead
	sleep "$picked"
	must "the leg is well" leg "$node" well
	must "attach" lab_until 20 ctl "$node" attach
}

fault_hung_leg()
{
	local node

	pick a b; node=$picked
	pick_time 1 40
	say "the leg of $node hangs for $picked s"
	must "suspend" on "$node" "dmsetup suspend --noflush --nolockfs leg-$node"
	sleep "$picked"
	must "resume" on "$node" "dmsetup resume leg-$node"
}

# keep_evidence DIRECTORY: the consoles, and what the network of each node looks like
keep_evidence()
{
	local node

	mkdir -p "$1"
	cp "$LAB_DIR"/console.? "$LAB_DIR/trace" "$1/"
	for node in a b; do
		on "$node" 'rdma res show qp; rdma statistic; ip -s -s link show dev data0
			tc -s qdisc; nstat -a' >"$1/network.$node" 2>&1
	done
}

# --- rounds ------------------------------------------------------------------------

# Those that need no reboot are quick, and come twice as often.
kinds=(power_of_secondary power_of_primary power_of_both)
for fault in cut flap oneway bad_network freeze suspend reload disconnect down switch \
		invalidate leg hung_leg; do
	kinds+=("$fault" "$fault")
done

one_round()
{
	local i nr

	pick 1 1 100 500; batch=$picked
	begin
	pick 1 2 3 4; nr=$picked
	for ((i = 0; i < nr; i++)); do
		pick_time 1 20
		sleep "$picked"
		pick "${kinds[@]}"
		faults=$((faults + 1))
		"fault_$picked"
		[ $well = yes ] || break
	done
	must "connected" lab_until 60 connected
	must "in sync" lab_until 90 both_well
	must "$p goes on" more_is_written
	end
	must "the legs are the same" same_legs
	must "nothing is lost" nothing_is_lost "$p"
	must "no kernel complained" lab_check_consoles
}

RANDOM=$((seed % 32768))
LOSSY_SEED=$seed
deadline=$((SECONDS + ${SOAK_MINUTES:-60} * 60))
echo "seed $seed, ${SOAK_MINUTES:-60} minutes, kernel $LAB_KVER"
new_mirror >"$LAB_DIR/out" 2>&1 || { cat "$LAB_DIR/out"; bail_out "no mirror"; }
while [ $SECONDS -lt $deadline ]; do
	round=$((round + 1))
	well=yes
	one_round
	if [ $well = yes ]; then
		passed=$((passed + 1))
		continue
	fi
	failed=$((failed + 1))
	for node in a b; do say "$node: $(st_all "$node" 2>&1 | tr '\n' ' ')"; done
	keep_evidence "$LAB_DIR/failed.$round"
	say "consoles and the trace are in $LAB_DIR/failed.$round; the mirror is made anew"
	new_mirror >"$LAB_DIR/out" 2>&1 || { cat "$LAB_DIR/out"; bail_out "no mirror"; }
done
lab_done || failed=$((failed + 1))
# shellcheck disable=SC2034 # for lab.sh
[ "$failed" = 0 ] || lab__failed=1
echo "seed $seed: $faults faults in $round rounds: $passed passed, $failed failed"
[ "$failed" = 0 ]
