#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# replace-leg: what it refuses, what it writes, and the table that it loads.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

gen=0123456789abcdef0123456789abcdef
conf=etc/netmirror/r0.conf

# says HEALTH ROLE LINK [ACTION]
says()
{
	echo "2 $1 256/256 ${4-idle} 0 $2 $3 $gen 0 2 io_held no rw -" >dm/r0/status
}

# fresh: the mirror is up, its leg has failed, and the peer has the data
fresh()
{
	rm -rf dm/*
	good_config >$conf
	leg a 32M
	leg new 64M
	run create r0 --node alpha --source
	run up r0 --node alpha
	table=$(cat dm/r0/table)
	says DA primary connected
}

replace="replace-leg r0 --node alpha --leg $WORK/new"

fresh
for line in "AA primary connected" "AA secondary connected" \
	"DA primary connected" "DD secondary refused:leg-failed" \
	"aA secondary connected recover"; do
	# shellcheck disable=SC2086
	says $line
	# shellcheck disable=SC2086
	exits 0 "may be replaced: $line" $replace --dry-run
done
for line in "Aa primary connected resync" "Aa secondary connected resync"; do
	# shellcheck disable=SC2086
	says $line
	# shellcheck disable=SC2086
	refuses 5 "may not: $line" 'beta does not have all the data yet; .*wait-sync r0' $replace
done
for line in "AD primary connecting" "DD primary connecting" \
	"AD secondary connecting" "AD primary refused:split-brain" \
	"AD secondary disconnected"; do
	# shellcheck disable=SC2086
	says $line
	# shellcheck disable=SC2086
	refuses 5 "may not: $line" 'beta is not connected, and this node may have data that it lacks' $replace
done
echo Fail >dm/r0/status
# shellcheck disable=SC2086
refuses 5 "may not: a mirror that failed" 'first: netmirrorctl down r0' $replace
says DA primary connected
echo 1 >dm/r0/suspended
# shellcheck disable=SC2086
refuses 5 "may not: a mirror that is suspended" 'dmsetup resume r0' $replace
rm dm/r0/suspended
truncate -s 8M new
# shellcheck disable=SC2086
refuses 1 "a device that is too small" 'cannot replace the leg of r0: .*/new has 8 MiB' $replace
leg new 64M
mkfs.ext4 -q new
# shellcheck disable=SC2086
refuses 5 "a device with a file system" 'cannot replace the leg of r0: .*holds an ext4 file system' $replace
leg new 64M
refuses 1 "a device that is not there" 'cannot open .*/none' replace-leg r0 --node alpha --leg "$WORK/none"
refuses 2 "a device without a path" 'expected the absolute path' replace-leg r0 --node alpha --leg new
is "nothing was written" "$(tr -d '\0' <new | wc -c)" 0
is "and nothing loaded" "$(cat dm/r0/table)" "$table"

# shellcheck disable=SC2086
exits 0 "dry run" $replace --dry-run
is "its commands" "$(cat out)" "# new metadata on $WORK/new: uuid and size of r0, no history
sed -i 's,^leg *= *$WORK/a\$,leg = $WORK/new,' etc/netmirror/r0.conf   # of [node alpha]
dmsetup reload r0 --table '0 32768 netmirror - 128 2 $WORK/new 2048 rdma:[fd00::2]:7791/r0 0 0 4 listen 10.77.0.1:7790 timeout_ms 2000'
dmsetup resume r0"
is "nothing was written" "$(tr -d '\0' <new | wc -c)" 0
# shellcheck disable=SC2086
exits 0 "replaced" $replace
prints "the next step" 'netmirrorctl wait-sync r0'
prints "and the other node's file" 'change leg in \[node alpha\] of that file on beta'
is "the table has the new leg" "$(cat dm/r0/table)" "${table/$WORK\/a/$WORK\/new}"
is "and its size" "$(cat dm/r0/sectors)" 32768
is "the configuration has it" "$(diff <(good_config | sed "s,$WORK/a\$,$WORK/new,") $conf)" ""
exits 0 "dump-md" dump-md "$WORK/new" --json
json "the leg is that of the mirror and has no data" ".superblock | .uuid == \"$UUID\" and .node == 0 and .size == 16777216 and .generations == [] and .flags == []"
exits 0 "the old leg is as it was" dump-md "$WORK/a" --json
json "with its history" '.superblock.generations | length == 1'

# --- when it goes wrong, the mirror is as it was
fresh
echo 22 >dm/r0/errno-reload
# shellcheck disable=SC2086
refuses 1 "the kernel refuses the table" 'device-mapper refused the table: .*nothing was changed' $replace
is "the configuration is the old one" "$(diff <(good_config) $conf)" ""
is "no other is left" "$(ls etc/netmirror)" "r0.conf"
fresh
echo 22 >dm/r0/errno-resume
: >dm/r0/errno-resume.next
# shellcheck disable=SC2086
refuses 1 "the kernel refuses it at the resume" 'the mirror goes on as it was' $replace
is "the table is the old one" "$(cat dm/r0/table)" "$table"
is "and so is the configuration" "$(diff <(good_config) $conf)" ""

# --- while the mirror is down
fresh
run down r0 --node alpha
refuses 5 "the old leg itself" 'already a leg of this mirror.*--force to lose its history' \
	replace-leg r0 --node alpha
# shellcheck disable=SC2086
exits 0 "another device" $replace
prints "what is next" 'next: netmirrorctl up r0; all data are copied from beta then'
exits 0 "up" up r0 --node alpha
is "with the new leg" "$(cut -d ' ' -f 4 dm/r0/table)" "$WORK/new"
run down r0 --node alpha
leg new 32M
exits 0 "a new disk of the same name" replace-leg r0 --node alpha
is "the configuration stays" "$(grep -c "leg = $WORK/new" $conf)" 1
good_config | sed '/^size/d' >$conf
refuses 1 "a mirror whose size nobody knows" 'no uuid or no size' replace-leg r0 --node alpha

# --- metadata on a device of their own
leg a 32M
leg md 1M
leg new 64M
good_config | sed "s,internal,$WORK/md," >$conf
run create r0 --node alpha --source
run up r0 --node alpha
says DA primary connected
# shellcheck disable=SC2086
refuses 5 "in use" 'its metadata are on .*/md, which is in use; first: netmirrorctl down r0' $replace
run down r0 --node alpha
# shellcheck disable=SC2086
refuses 5 "not without force" 'the metadata of the old leg are on .*/md; .*--force' $replace
# shellcheck disable=SC2086
exits 0 "by force" $replace --force
exits 0 "dump-md" dump-md "$WORK/md" --json
json "new metadata" '.superblock | .generations == [] and .flags == ["external"]'
exits 4 "a mirror that is not there" replace-leg r9
done_testing
