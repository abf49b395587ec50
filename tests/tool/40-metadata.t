#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# probe and dump-md on good, torn and foreign metadata.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

good_config >etc/netmirror/r0.conf
leg a 32M
run create r0 --node alpha --source
cp a good

# damage FILE COPY: one byte of a superblock copy, its magic left alone
damage() {
	printf x | dd of="$1" bs=1 seek=$(($2 * 4096 + 100)) conv=notrunc status=none
}

# member NAME FILE: probe knows it
member() {
	exits 0 "$1" probe "$2"
	is "$1: as udev wants it" "$(cat out)" "ID_FS_TYPE=netmirror_member
ID_FS_USAGE=raid
ID_FS_VERSION=1
ID_FS_UUID=$UUID
ID_FS_UUID_ENC=$UUID
NETMIRROR_NODE_ID=0
NETMIRROR_NAME=r0"
}

member "a member" good
exits 0 "dump-md by device" dump-md ./good
prints "uuid" "^uuid: +$UUID"
prints "flags" "^flags: +consistent$"
exits 0 "dump-md by name" dump-md r0 --node alpha
exits 0 "dump-md as JSON" dump-md ./good --json
json "has a schema" '.schema_version == 1'
json "sizes are bytes" '.superblock.size == 16777216 and .superblock.zone_size == 16777216'
json "no meeting yet" '.superblock.meetings == 0'
json "never alone" '.superblock.alone_since == null'
json "not stale" '.stale == false and (.copies | all(.state == "valid" and .why == null))'
is "dump-md writes nothing" "$(sha256sum <good)" "$(sha256sum <a)"

for copy in 0 1; do
	cp good a
	damage a $copy
	member "copy $copy is damaged" a
	exits 0 "copy $copy is damaged: dump-md" dump-md ./a
	prints "copy $copy is damaged: which" "^superblock $copy:  damaged: the checksum"
	run dump-md ./a --json
	json "copy $copy is damaged: stale" ".stale == true and .copies[$copy].state == \"damaged\" and .copies[$copy].sequence == null"
	cp good a
	dd if=/dev/zero of=a bs=4096 count=1 seek=$copy conv=notrunc status=none
	member "copy $copy is gone" a
done

cp good a
damage a 0
damage a 1
refuses 1 "both damaged: probe does not guess" 'checksum of the superblock is wrong' probe a
is "both damaged: no output" "$(cat out)" ""
refuses 1 "both damaged: dump-md" 'checksum' dump-md ./a
run dump-md ./a --json
json "both damaged: nulls" '.superblock == null and .marks == null and .stale == null'
refuses 1 "both damaged: up" 'cannot start r0: .*/a: the checksum' up r0 --node alpha --dry-run

cp good a
dd if=/dev/zero of=a bs=8192 count=1 conv=notrunc status=none
run probe a
is "both gone: no member" "$status $(cat out err)" "4 "
exits 4 "both gone: dump-md" dump-md ./a
refuses 1 "both gone: up" 'no netmirror superblock; make the leg with' up r0 --node alpha --dry-run

leg a 32M
mkfs.ext4 -q a
run probe a
is "ext4 is no member" "$status $(cat out err)" "4 "
leg a 0
run probe a
is "an empty file is no member" "$status" 1
exits 1 "no such device" probe nowhere
exits 1 "a directory" probe .

cp good a
printf x | dd of=a bs=1 seek=8300 conv=notrunc status=none
exits 0 "a damaged mark block" dump-md ./a
prints "is all dirty" '^marks: +0 active zones, 256 dirty regions'
prints "and told" '^bad marks: +1 of 1 blocks, taken as all dirty: the checksum'
done_testing
