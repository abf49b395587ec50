#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Up, a little load, down, many times: nothing may be left behind.

# shellcheck source=../lib.sh
. "$(dirname "$(readlink -f "$0")")/../lib.sh"

start
try "a goes down" down a
try "b goes down" down b
rounds=${ROUNDS:-100}
for ((i = 1; i <= rounds; i++)); do
	up a && up b && until_st a link connected && msg a promote &&
		"$DIR/churn" $errors /dev/mapper/r0-a 10 || ((faulty)) || break
	if [ $((i % 2)) = 0 ]; then order="a b"; else order="b a"; fi
	for n in $order; do
		down "$n" || ((faulty)) || break 2
		! exists "$n" || until_true down "$n" || break 2
	done
done >/tmp/rounds 2>&1
ok "all rounds" [ $i = $((rounds + 1)) ] || tail -n 5 /tmp/rounds
finish
