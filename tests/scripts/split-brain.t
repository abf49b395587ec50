#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# links: loop rdma
# check: 6.1-rdma 6.12-loop
#
#   r0-a <-- link --> r0-b
#
# Two nodes that must not come together stay apart, and both say why: another
# mirror, the same node id, another size or region size, two primaries, histories
# that both moved on (I5).  Nothing is written meanwhile (I9).  What a person has
# to do solves it, and only the data of the leg that was given up are lost (I7).

set -u
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"

LAB_LEG_SIZE=64M
mirror_boot
ok "the legs are made" mirror_create
good=$(table_of b)
length=$(awk '{ print $2 }' <<<"$good")

# The superblock of b as it was.
keep()
{
	head -c 1M "$(leg_file b)" >"$LAB_DIR/kept"
}

restore()
{
	dd if="$LAB_DIR/kept" of="$(leg_file b)" conv=notrunc status=none
}

said()
{
	on "$1" 'dmesg' | grep "r0-$1: stands alone: .*$2"
}

# refused WORD: neither node looks for the other any more, for that reason
refused()
{
	until_st 10 a link "refused:$1" && until_st 5 b link "refused:$1"
}

clear_logs()
{
	on a 'dmesg -C' && on b 'dmesg -C'
}

# stranger NAME WORD SENTENCE TABLE OFFSET FORMAT VALUE: b with another superblock
stranger()
{
	local before

	edit_md b 0 "${@:5}"
	edit_md b 1 "${@:5}"
	before=$(md_sums)
	clear_logs
	ok "$1: a is up" ctl a up
	ok "$1: b is up" on b "dmsetup create r0-b --table '$4'"
	ok "$1: refused by both" refused "$2"
	ok "$1: a says why" said a "$3"
	ok "$1: b says why" said b "$3"
	is "$(md_sums)" "$before" "$1: no metadata were changed"
	ok "$1: b goes away" on b 'dmsetup remove r0-b'
	ok "$1: a goes away" ctl a down
	restore
}

keep
if [ "$LINK" = loop ]; then
	stranger "another mirror" uuid "the peer's metadata belong to another mirror" "$good" 48 C 1
else
	# Who asks over RDMA cannot tell another mirror from one that is not started.
	edit_md b 0 48 C 1
	edit_md b 1 48 C 1
	before=$(md_sums)
	clear_logs
	ok "another mirror: b is up" on b "dmsetup create r0-b --table '$good'"
	ok "another mirror: a is up" ctl a up
	ok "another mirror: a says why it looks on" lab_until 10 on a \
		'dmesg | grep "r0-a: the peer at .* has no mirror with our UUID"'
	is "$(st a link)/$(st b link)" connecting/connecting "another mirror: they stay apart"
	is "$(md_sums)" "$before" "another mirror: no metadata were changed"
	ok "another mirror: b goes away" on b 'dmsetup remove r0-b'
	ok "another mirror: a goes away" ctl a down
	restore
	stranger "both are node 0" node-id "both nodes have the same node id" "$good" 64 C 0
	cp "$(leg_file a)" "$LAB_DIR/leg-a"
	table=$(table_of a)
	edit_md a 0 64 C 1
	edit_md a 1 64 C 1
	ok "both are node 1: a is up" on a "dmsetup create r0-a --table '$table'"
	ok "both are node 1: b is up" ctl b up
	ok "both are node 1: refused by both" refused node-id
	ok "both are node 1: b goes away" ctl b down
	ok "both are node 1: a goes away" on a 'dmsetup remove r0-a'
	cp "$LAB_DIR/leg-a" "$(leg_file a)"
fi
stranger "another size" size "size" \
	"${good/$length/$((length - 8))}" 72 'Q<' $((length - 8))
stranger "another region size" geometry "the nodes disagree on the region or zone size" \
	"${good/- 128 /- 256 }" 65 C 8

# --- split brain -----------------------------------------------------------

# both_lose: the nodes part, and both notice it
both_lose()
{
	link_cut
	until_st 10 a health AD && until_st 10 b health AD
}

write_on()
{
	on "$1" "dd if=/dev/urandom of=\$DEV bs=64k count=$2 seek=$3 oflag=direct status=none"
}

ok "both nodes are up and connected" mirror_up
ok "a is promoted" ctl a promote
ok "something is written" write_on a 40 0
ok "a is demoted" ctl a demote
ok "the nodes part" both_lose
ok "a is promoted" ctl a promote --peer-fenced
ok "a writes alone" write_on a 10 100
ok "b is promoted on a wrong claim" ctl b promote --peer-fenced
ok "b writes alone" write_on b 10 105

clear_logs
before=$(md_sums)
link_heal
ok "two primaries are refused" refused two-primaries
ok "a says so" said a "both nodes are primary"
ok "b says so" said b "both nodes are primary"
is "$(md_sums)" "$before" "no metadata were changed"

ok "both are demoted" eval "ctl a demote && ctl b demote"
clear_logs
before=$(md_sums)
ok "the nodes connect" eval "ctl a connect && ctl b connect"
ok "split brain is refused" refused split-brain
ok "a says so, and what to do" said a \
	"both legs were written apart from each other; connect again, on the node whose changes are to be lost"
ok "b says so, and what to do" said b \
	"both legs were written apart from each other; connect again, on the node whose changes are to be lost"
is "$(md_sums)" "$before" "no metadata were changed"
nok "the legs differ" same_legs
like "$(ctl a status 2>&1)" "discard-my-changes" "the tool's status says what to do"

sum=$(on a 'dmsetup message ${DEV##*/} 0 promote peer_fenced && sha256sum <$DEV')
ok "b is invalidated" ctl b invalidate
ok "the nodes connect" eval "ctl a connect && ctl b connect"
ok "and are in sync" lab_until 60 in_sync
ok "the legs are the same" same_legs
is "$(on a 'sha256sum <$DEV')" "$sum" "a's data are kept"

# the same the other way round, with a demoted winner and less to lose
ok "a is demoted" ctl a demote
ok "the nodes part" both_lose
for node in a b; do
	ok "$node is promoted" ctl "$node" promote --peer-fenced
	ok "$node writes alone" write_on "$node" 4 200
	ok "$node is demoted" ctl "$node" demote
done
link_heal
ok "split brain is refused" refused split-brain
nok "a node that stands alone is not promoted just so" ctl a promote
ok "a is invalidated" ctl a invalidate
nok "an invalid leg is not promoted" ctl a promote --peer-fenced
ok "the nodes connect" eval "ctl b connect && ctl a connect"
ok "and are in sync" lab_until 60 in_sync
ok "the legs are the same" same_legs

# --- no common history -----------------------------------------------------

ok "b goes down" ctl b down
ok "b is made anew from other data" ctl b create --source --force
clear_logs
ok "b is up" ctl b up
ok "unrelated legs are refused" refused unrelated
ok "a says so" said a "the legs have no common history"
ok "b says so" said b "the legs have no common history"
ok "b is invalidated" ctl b invalidate
ok "the nodes connect" eval "ctl b connect && ctl a connect"
ok "and are in sync" lab_until 60 in_sync
ok "the legs are the same" same_legs
mirror_done
