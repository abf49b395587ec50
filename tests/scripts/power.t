#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# links: rdma
# check: 6.12-rdma
#
#   r0-a in guest 1 <-- link --> r0-b in guest 2
#
# First the secondary, then the primary, then both lose power under durable writes.
# The other goes on, or is promoted with evidence, and every write that was
# acknowledged is there (I1, I2, I5).  The one that returns gets only what may
# differ (I3, I4), and the legs are the same in the end (I7).  The disks keep what
# was written to them, flushed or not.

set -u
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"

LAB_LEG_SIZE=256M
mirror_boot
# shellcheck source=journal.sh
. "$top/tests/scripts/journal.sh"
ok "the legs are made" mirror_create
ok "both nodes are up and connected" mirror_up
ok "a is promoted" ctl a promote

# copied NODE COMMAND...: sets $copied to the regions that NODE copied meanwhile
copied()
{
	local before

	before=$(st "$1" resync_regions)
	"${@:2}" || return
	copied=$(($(st "$1" resync_regions) - before))
	diag "$copied of $(st "$1" total) regions were copied"
}

return_of()
{
	ctl "$1" up && until_st 20 "$1" link connected && lab_until 30 in_sync
}

ok "a writes" writes a
lab_power_cut 2
ok "b lost power: a notices" until_st 10 a health AD
ok "a goes on" more_is_written
ok "the power of b is back" back 2
ok "a still goes on" more_is_written
ok "b is filled under load" copied a return_of b
at_most "$copied" 200 "with what the writer changed, 128 regions, and what it changed meanwhile"
writes_end
ok "the legs are the same" same_legs
ok "nothing is lost" nothing_is_lost a

ok "a writes" writes a
lab_power_cut 1
writes_end
ok "a lost power: b notices" until_st 10 b link connecting
nok "b is not promoted without evidence" ctl b promote
ok "b is promoted with it" ctl b promote --peer-fenced
ok "nothing is lost" nothing_is_lost b
ok "b writes" writes b
ok "the power of a is back" back 1
ok "a is filled under load" copied b return_of a
is "$(st a role)" secondary "a is secondary"
at_most "$copied" 600 "with the zones that were being written at the crash and what b changed"
writes_end
ok "the legs are the same" same_legs
ok "nothing is lost" nothing_is_lost b
ok "b is demoted" lab_until 5 ctl b demote
ok "a is promoted" ctl a promote
ok "nothing is lost on a either" nothing_is_lost a

# Both at once: which of them has a write that was in flight is open, but both have
# what was acknowledged.
ok "a writes" writes a
lab_power_cut 1
lab_power_cut 2
writes_end
ok "both lost power and have it back" back 1 2
ok "both nodes are up and connected" mirror_up
ok "in sync" lab_until 30 in_sync
is "$(st a role)/$(st b role)" secondary/secondary "nobody is primary by itself"
ok "the legs are the same" same_legs
ok "b is promoted" ctl b promote
ok "nothing is lost" nothing_is_lost b
mirror_done
