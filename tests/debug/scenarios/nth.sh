#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Every allocation in the making, the use and the end of a mirror fails, one by one.
# limit: 500

# shellcheck source=../lib.sh
. "$(dirname "$(readlink -f "$0")")/../lib.sh"

# nth COMMAND NODE ARGUMENT...: with its first allocation failing, then with its second,
# until it needs no more; after each, UNDO
nth()
{
	local n status

	for ((n = 1; n < 2000; n++)); do
		"$DIR/nth" $n "$1" "r0-$2" "${@:3}" >>/run/nth 2>&1
		status=$?
		[ $status -lt 2 ] || break
		[ $status = 1 ] || eval "$undo"
	done
	say "$1 $2: $n allocations"
	tail -n 1 /run/nth
	[ $status = 2 ]
}

start
ok "b goes down" down b
ok "a goes down" down a
for n in a b; do
	read -r _ length _ params <<<"$(table $n)"
	undo="dm $n remove"
	ok "create $n" nth create $n
	undo="dm $n clear"
	# shellcheck disable=SC2086 # a list
	ok "load $n" nth load $n $length $params
	undo="dm $n suspend; dm $n load --table '$(table $n)'"
	ok "resume $n" nth resume $n
done
undo=
ok "connected" until_st a link connected
for n in a b; do
	ok "status of $n" nth status $n
	undo="dm $n resume"
	ok "suspend $n" nth suspend $n
	ok "resume $n" dm $n resume
done
ok "connected" until_st a link connected
undo="msg a demote"
ok "promote" nth message a promote
undo="msg a promote"
ok "demote" nth message a demote
undo="msg a connect"
ok "disconnect" nth message a disconnect
undo="msg a disconnect"
ok "connect" nth message a connect
ok "connected" until_st a link connected
ok "a is primary" msg a promote
undo="until_st a link connected"
ok "invalidate b" nth message b invalidate_local
undo="up b"
ok "remove b" nth remove b
undo="up a"
ok "remove a" nth remove a
finish
