#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# links: loop
# check: 6.12-loop
#
#   guest 1: r0-a on the disk "leg" <-- loop --> r0-b on the disk "other"
#
# What is wrong in a table line, a message or the metadata of a leg is refused: the
# exit status says so, the log says what, and nothing changes on either leg (I9).
# A damaged mark block counts as dirty (I3), a damaged superblock copy is replaced.

set -u
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"

LAB_LEG_SIZE=64M
mirror_boot
ok "the legs are made" mirror_create
ok "both nodes are up and connected" mirror_up
ok "a is promoted" ctl a promote
ok "something is written" on a 'dd if=/dev/urandom of=$DEV bs=1M count=8 oflag=direct'
ok "a is demoted" ctl a demote

# --- messages --------------------------------------------------------------

# message NODE WORDS TEXT
message()
{
	ok "message \"$3\"" refuses "$1" "$2" "dmsetup message -- \${DEV##*/} 0 $3"
}

message a "message 'hello' is not known" hello
message a "message 'promote now' is not known" "promote now"
message a "message 'promote peer_fenced' is not known" "promote peer_fenced now"
message a "message 'demote now' is not known" "demote now"
message a "message 'connect b' is not known" "connect b"
message a "message 'invalidate_local force' is not known" "invalidate_local force"
message a "message 'resync_rate' is not known" "resync_rate"
message a "message 'resync_rate 1' is not known" "resync_rate 1 2"
for junk in fast -1 1k 4294967296; do
	message a "message resync_rate: '$junk' is not a number of KiB a second" "resync_rate $junk"
done
ok "a is promoted" ctl a promote
message b "cannot promote: the peer is primary" promote
message b "cannot promote: the peer is primary" "promote peer_fenced"
message b "cannot promote: the peer is primary" "promote force"
message a "cannot invalidate the local leg of a primary" invalidate_local
message b "cannot invalidate the peer's leg" invalidate_remote
status_is 5 "netmirrorctl says that it is for safety" ctl b promote
ok "a is in use" on a 'sleep 100 <$DEV >/dev/null 2>&1 & echo $! >/run/user-of-a'
message a "cannot demote: the device is in use" demote
on a 'kill $(cat /run/user-of-a)'

started=$(millis)
ok "a write to a secondary fails" refuses b "Input/output error" \
	'dd if=/dev/zero of=$DEV bs=4k count=1 oflag=direct'
at_most $(($(millis) - started)) 3000 "and at once"

ok "a is demoted" lab_until 5 ctl a demote
ok "the nodes part" ctl b disconnect
ok "a looks for its peer" until_st 5 a link connecting
message a "cannot promote: nothing proves that the peer is not in use" promote
message b "cannot promote: nothing proves that the peer is not in use" promote
message a "cannot invalidate the peer's leg" invalidate_remote
ok "a is suspended" on a 'dmsetup suspend ${DEV##*/}'
for text in promote "promote peer_fenced" demote connect disconnect invalidate_local; do
	message a "message ${text%% *}: the device is suspended" "$text"
done
ok "a is resumed" on a 'dmsetup resume ${DEV##*/}'
ok "the nodes meet" ctl b connect
ok "and nothing is to be done" until_st 5 a link connected
is "$(st a health)/$(st b health)" AA/AA "both legs are in sync"

# --- table lines -----------------------------------------------------------

good=$(table_of a)
length=$(awk '{ print $2 }' <<<"$good")
offset=$(awk '{ print $8 }' <<<"$good")
leg=/dev/disk/by-id/virtio-leg
diag "the good table: $good"

# table NAME WORDS TABLE
table()
{
	ok "table: $1" refuses a "$2" "dmsetup create t --table '$3'"
}

# args NAME WORDS ARGUMENTS, after "netmirror"
args()
{
	table "$1" "$2" "0 $length netmirror $3"
}

ok "b goes down" ctl b down
table "the node is active already" "r0-a has the place of this node of the mirror; remove that device first" "$good"
ok "a goes down" ctl a down
args "no arguments" "Too few arguments" ""
args "six arguments" "Too few arguments" "- 128 2 $leg $offset loop:r0-b"
for region in 0 1 4 96 4096 -128 128k x; do
	args "region size $region" "The region size must be a power of two from 8 to 2048 sectors" \
		"- $region 2 $leg $offset loop:r0-b 0"
done
args "three legs" "A mirror has 2 legs" "- 128 3 $leg $offset loop:r0-b 0"
args "one leg" "A mirror has 2 legs" "- 128 1 $leg $offset loop:r0-b 0"
args "local offset 1" "must be a multiple of 8 sectors" "- 128 2 $leg 1 loop:r0-b 0"
args "local offset x" "must be a multiple of 8 sectors" "- 128 2 $leg x loop:r0-b 0"
args "remote offset 8" "The offset of the remote leg must be 0" "- 128 2 $leg $offset loop:r0-b 8"
args "a missing leg" "cannot open the local leg /dev/nosuch" "- 128 2 /dev/nosuch $offset loop:r0-b 0"
args "a missing metadata device" "cannot open the metadata device /dev/nosuch" \
	"/dev/nosuch 128 2 $leg $offset loop:r0-b 0"
args "no transport" "does not start with rdma: or loop:" "- 128 2 $leg $offset r0-b 0"
args "unknown transport" "does not start with rdma: or loop:" "- 128 2 $leg $offset tcp:r0-b 0"
args "half a transport" "does not start with rdma: or loop:" "- 128 2 $leg $offset loo:r0-b 0"
args "no peer" "needs the name of the peer's device" "- 128 2 $leg $offset loop: 0"
for token in rdma: rdma:10.77.0.1 rdma:10.77.0.1/r0 rdma:10.77.0.1:0/r0 rdma:10.77.0.1:70000/r0 \
	rdma:node2:7790/r0 "rdma:[fd00::1:7790/r0" rdma:10.77.0.1:7790 rdma:10.77.0.1:7790/; do
	args "$token" "device-mapper: table" "- 128 2 $leg $offset $token 0"
done
args "unknown feature" "feature 'fast' is not known" "- 128 2 $leg $offset loop:r0-b 0 1 fast"
args "fewer features than counted" "device-mapper: table" "- 128 2 $leg $offset loop:r0-b 0 2 no_discard"
args "features are not a number" "The number of features is wrong" "- 128 2 $leg $offset loop:r0-b 0 x"
args "unknown core argument" "core argument 'speed' is not known" \
	"- 128 2 $leg $offset loop:r0-b 0 0 2 speed 1"
for pair in "active_zones 1" "active_zones 1048577" "channels 0" "channels 17" "depth 3" "depth 1025" \
	"inline 4095" "inline 16385" "max_backoff_ms 99" "max_backoff_ms 60001" \
	"resync_rate 1073741825" "resync_rate -1" "timeout_ms 99" "timeout_ms 60001" "timeout_ms 1s"; do
	args "$pair" "core argument ${pair% *}: '${pair#* }' is not a number from" \
		"- 128 2 $leg $offset loop:r0-b 0 0 2 $pair"
done
args "odd core arguments" "Core arguments come in pairs" \
	"- 128 2 $leg $offset loop:r0-b 0 0 3 depth 64 channels"
args "fewer core arguments than counted" "device-mapper: table" \
	"- 128 2 $leg $offset loop:r0-b 0 0 4 depth 64"
args "more arguments than counted" "There are more arguments than the counts say" \
	"- 128 2 $leg $offset loop:r0-b 0 0 2 depth 64 channels 2"
args "wrong data offset" "is not where the data start" "- 128 2 $leg $((offset - 8)) loop:r0-b 0"
table "wrong length" "the length of the table line is not the size of the mirror" \
	"0 $((length - 8)) netmirror - 128 2 $leg $offset loop:r0-b 0"
args "wrong region size" "the region size of the table line is not that of the mirror" \
	"- 256 2 $leg $offset loop:r0-b 0"
args "a metadata device that is not wanted" "the table line names a metadata device" \
	"/dev/disk/by-id/virtio-other 128 2 $leg 0 loop:r0-b 0"
ok "a table that was loaded but never resumed takes no message" on a \
	"dmesg -C; dmsetup create t --notable && dmsetup load t --table '$good' || exit
	dmsetup message t 0 promote force
	dmsetup remove t; ! dmesg | grep primary"

# A leg made smaller behind the mirror's back.
ok "a leg made smaller is refused" refuses a "too small for target" \
	"dmsetup create small --table '0 $((offset + length - 8)) linear $leg 0' || exit 0
	dmsetup create t --table '0 $length netmirror - 128 2 /dev/mapper/small $offset loop:r0-b 0'
	status=\$?; dmsetup remove small; exit \$status"
is "$(on a 'dmsetup ls')" "No devices found" "no device is left behind"

# --- metadata --------------------------------------------------------------

# keep, restore: what the leg of a was before it was damaged
keep()
{
	head -c 1M "$(leg_file a)" >"$LAB_DIR/kept"
}

restore()
{
	dd if="$LAB_DIR/kept" of="$(leg_file a)" conv=notrunc status=none
}

both_copies()
{
	edit_md a 0 "$@" && edit_md a 1 "$@"
}

# damaged NAME WORDS CHANGE...
damaged()
{
	"${@:3}"
	table "$1" "$2" "$good"
	restore
}

no_superblock()
{
	dd if=/dev/zero of="$(leg_file a)" bs=4k count=2 conv=notrunc status=none
}

keep
damaged "no superblock" "there is no netmirror superblock" no_superblock
damaged "both copies are corrupt" "the checksum of the superblock is wrong" both_copies 8 V 0
damaged "a future version" "of a version not known here" both_copies 12 V 2
damaged "one copy of a future version" "of a version not known here" edit_md a 1 12 V 2
damaged "an incompatible feature" "asks for a feature not known here" both_copies 40 'Q<' 1
damaged "a read-only compatible feature" "asks for a feature not known here" both_copies 32 'Q<' 4
damaged "a reserved byte" "a reserved field of the superblock is set" both_copies 200 C 1
damaged "node id 2" "the node id in the superblock is neither 0 nor 1" both_copies 64 C 2
damaged "an unknown flag" "the superblock has an unknown flag" both_copies 96 V 64
damaged "no generation" "the number of generations is out of bounds" both_copies 67 C 0
damaged "copies of two nodes" "belong to different mirrors or nodes" edit_md a 1 64 C 1
damaged "a data offset within the metadata" "the data offset in the superblock is wrong" \
	both_copies 80 'Q<' 0

# A feature that may be ignored is.
both_copies 24 'Q<' 1
ok "a compatible feature is no reason to refuse" on a "dmsetup create t --table '$good' && dmsetup remove t"
restore

edit_md a 0 8 V 0
ok "one corrupt copy is survived, and said" on a \
	"dmesg -C; dmsetup create r0-a --table '$good' && dmesg | grep 'one superblock copy .* damaged; it will be rewritten'"
ok "and is replaced at the next write" on a 'dmsetup message r0-a 0 promote peer_fenced'
ok "both copies are the same" cmp -n 4096 -i 0:4096 "$(leg_file a)" "$(leg_file a)"
ok "a goes down" on a 'dmsetup message r0-a 0 demote && dmsetup remove r0-a'

edit_md a 2 4 V 0
ok "a corrupt mark block is said" on a \
	"dmesg -C; dmsetup create r0-a --uuid NETMIRROR-0b5fd2e4-7a4c-4a5e-9d0c-3c1f0e6b7a21-0 --table '$good' &&
	dmesg | grep 'mark block 0 .* checksum .* its regions count as dirty'"
is "$(st a dirty_regions)" "$(st a total)" "every region is dirty"
ok "b is up" ctl b up
ok "and is in sync" lab_until 30 in_sync
is $(($(st a resync_regions) + $(st b resync_regions))) "$(st a total)" "after every region was copied"
ok "the legs are the same" same_legs
ok "b goes down" ctl b down
ok "a goes down" ctl a down
mirror_done
