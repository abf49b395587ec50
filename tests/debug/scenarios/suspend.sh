#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Suspend, resume and reload of both nodes under load.

# shellcheck source=../lib.sh
. "$(dirname "$(readlink -f "$0")")/../lib.sh"

# reload NODE: the same table takes the place of the old one
reload()
{
	dm "$1" load --table "$(table "$1")" && dm "$1" suspend && dm "$1" resume
}

start
churn a
for flags in "" --noflush --nolockfs; do
	for n in a b; do
		# shellcheck disable=SC2086 # none or one
		try "$n is suspended ($flags)" dm $n suspend $flags
		sleep 0.2
		try "$n is resumed ($flags)" dm $n resume
		try "$n is reloaded ($flags)" reload $n
		try "writes flow ($flags)" writes_flow
	done
done
try "a bad table is refused" nok dm a load --table "0 8 netmirror - 96 2 /dev/ubda 0 loop:x 0"
try "a is loaded and cleared" eval 'dm a load --table "$(table a)" && dm a clear'
try "b is suspended" dm b suspend
try "b goes down while suspended" down b
try "b is up" up b
try "connected" until_st a link connected
try "b is suspended" dm b suspend
try "and reloaded" eval 'dm b load --table "$(table b)" && dm b resume'
try "in sync" until_true in_sync
churn_done a
finish
