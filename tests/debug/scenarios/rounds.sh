#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Up, load, something that happens under it, down, many times: nothing may be left behind.
# limit: 900

# shellcheck source=../lib.sh
. "$(dirname "$(readlink -f "$0")")/../lib.sh"

happens()
{
	case $1 in
	0) msg a disconnect && msg a connect ;;
	# Two bad legs at once are more than a mirror survives.
	1) [ "${FAULTS-}" = disk-a ] || bad_leg b && sleep 0.1 && good_leg b && msg b attach ;;
	2) dm b suspend && dm b resume ;;
	3) ;;
	esac
}

# round NUMBER: fails if something does, unless faults excuse it
round()
{
	local n status=0 order="a b"

	up a && up b && until_st a link connected && msg a promote || ((faulty)) || return
	# shellcheck disable=SC2086 # none or one
	"$DIR/churn" $errors /dev/mapper/r0-a 20 &
	happens $(($1 % 4)) || ((faulty)) || return
	wait $! || status=$?
	[ $status = 0 ] || { ((faulty)) && [ $status != 2 ]; } || return
	[ $(($1 % 8)) -lt 4 ] || order="b a"
	for n in $order; do
		down "$n" || ((faulty)) || return
		! exists "$n" || until_true down "$n" || return
	done
}

start
try "a goes down" down a
try "b goes down" down b
# With faults a round takes its time.
rounds=${ROUNDS:-${FAULTS:+20}}
rounds=${rounds:-100}
for ((i = 1; i <= rounds; i++)); do
	say "round $i"
	round $i || break
done >/run/rounds 2>&1
ok "all rounds" [ $i = $((rounds + 1)) ] || tail -n 5 /run/rounds
finish
