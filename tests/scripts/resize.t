#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# links: loop
# check: 6.12-loop
#
#   guest 1: r0-a (primary, under durable writes) <-- loop --> r0-b
#
# A mirror of 64 MiB on legs of 256 MiB grows while it is in use, first on the
# secondary, with a power cut before it has grown on the primary, then first on the
# primary.  No write is lost (I1), the new part and what was written meanwhile is
# copied and no more (I3), and the legs are the same in the end (I7).  A size that
# does not do is refused and nothing changes (I9).

set -u
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"

LAB_LEG_SIZE=256M
mirror_boot
# shellcheck source=journal.sh
. "$top/tests/scripts/journal.sh"
ok "the legs are made" mirror_create --assume-clean --size 64M
ok "both nodes are up and connected" mirror_up
ok "a is promoted" ctl a promote

# resize NODE SIZE: the command, for "refuses"
resize()
{
	echo "netmirrorctl resize r0 $2 --node $1 --yes"
}

# has NODE MIB: the size of its device
has()
{
	[ "$(on "$1" 'blockdev --getsz $DEV')" = $(($2 * 2048)) ]
}

# apart: each node has seen that the other has another size
apart()
{
	until_st 10 a link refused:size && until_st 5 b link refused:size
}

# met NODE: connected by a command on NODE, and in sync
met()
{
	ctl "$1" connect && until_st 10 a link connected && lab_until 30 in_sync
}

# copied COMMAND...: sets $copied to the regions that a copied meanwhile
copied()
{
	local before

	before=$(st a resync_regions)
	"$@" || return
	copied=$(($(st a resync_regions) - before))
	diag "$copied of $(st a total) regions were copied"
}

# --- what is refused -------------------------------------------------------

ok "a smaller size is refused" refuses a "has 64 MiB (131072s), and a mirror cannot be made smaller" \
	"$(resize a 32M)"
ok "more than the leg has is refused" refuses a "the largest size possible is 255 MiB (522240s)" \
	"$(resize a 256M)"
ok "and on a secondary" refuses b "the largest size possible is 255 MiB (522240s)" "$(resize b 1T)"
ok "both nodes are still connected" in_sync
ok "with the old size" has a 64

# --- what the kernel refuses at the resume, and the way back ----------------

# refused TABLE: reloaded on a, it is not resumed
refused()
{
	on a "dmsetup reload r0-a --table '$1'" && ! on a 'dmsetup resume r0-a'
}

on a 'dmsetup create unreadable --table "0 1048576 error"'
table=$(on a 'dmsetup table ${DEV##*/}')
ok "a writes" writes a
ok "a table of another length is refused" refused "${table/ 131072 / 131064 }"
ok "and then one with a leg that cannot be read" refused \
	"$(awk '{ $7 = "/dev/mapper/unreadable"; print }' <<<"$table")"
ok "the one before is not" on a "dmsetup reload r0-a --table '$table' && dmsetup resume r0-a"
is "$(st a role)" primary "a is still primary"
ok "a goes on" more_is_written
ok "both are connected again, and in sync" lab_until 20 in_sync
writes_end

# --- the secondary first, and a power cut ----------------------------------

ok "a writes" writes a
ok "b grows" ctl b resize 128M
ok "to its new size" has b 128
ok "the configuration has it" on b 'grep -qx "size = 262144s" /etc/netmirror/r0.conf'
ok "the nodes stay apart" apart
ok "a goes on" more_is_written
lab_power_cut 1
writes_end
ok "the power is back" back 1
ok "b is up" ctl b up
ok "with the new size" has b 128
ok "a is up" ctl a up
ok "with the old one" has a 64
ok "the nodes stay apart" apart
ok "a is promoted" ctl a promote --peer-fenced
ok "nothing is lost" nothing_is_lost a
ok "a writes" writes a
ok "a grows under load" ctl a resize 128M
ok "to its new size" has a 128
is "$(st a role)" primary "a is still primary"
ok "a goes on" more_is_written
ok "both meet again under load" copied met b
ok "the new part was copied" [ "$copied" -ge 1024 ]
at_most "$copied" 1408 "and no more than the zone that was being written at the crash, and what was written since"
writes_end
ok "the legs are the same" same_legs
ok "nothing is lost" nothing_is_lost a

# --- the primary first, and the new part in use ----------------------------

ok "a writes" writes a
ok "a grows under load, as far as its leg goes" ctl a resize max
ok "to its new size" has a 255
is "$(st a role)" primary "a is still primary"
ok "the nodes stay apart" apart
ok "the new part is written" on a 'fio --name=new --filename=$DEV --direct=1 --rw=randwrite \
	--bs=64k --offset=128M --size=127M --io_size=16M --minimal'
ok "b grows" ctl b resize 522240s
ok "both meet again under load" copied met a
ok "the new part was copied" [ "$copied" -ge 2032 ]
at_most "$copied" 2300 "and no more than what was written since"
writes_end
ok "the legs are the same" same_legs
ok "nothing is lost" nothing_is_lost a

# --- it lasts --------------------------------------------------------------

ok "b goes down" ctl b down
ok "a goes down" ctl a down
short=$(table_of a | sed 's,^0 522240 \(.*\) loop:r0-b 0 .*,0 522232 \1 loop:r0-b 0 1 grow,')
ok "a shorter table is refused, even one that may grow" refuses a "a mirror cannot be made smaller" \
	"dmsetup create t --table '$short'"
ok "both nodes are up and connected" mirror_up
ok "with the new size" has a 255
ok "and in sync" in_sync
mirror_done
