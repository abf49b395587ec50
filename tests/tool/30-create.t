#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# create: what it writes, and what it refuses to touch.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

conf=etc/netmirror/r0.conf

# field FILE JQ: of the metadata on FILE
field() {
	"$NM_TOOL" dump-md "$WORK/$1" --json 2>/dev/null | jq -r "$2"
}

# --- from a configuration
good_config >$conf
leg a 32M
leg b 32M
exits 0 "dry run" create r0 --node alpha --dry-run
prints "says what it would do" '^would create r0: node alpha \(0\)'
is "and writes nothing" "$(tr -d '\0' <a | wc -c)" 0
exits 0 "create" create r0 --node alpha
prints "prints the uuid" "^uuid = $UUID"
is "uuid" "$(field a .superblock.uuid)" $UUID
is "node" "$(field a .superblock.node)" 0
is "size" "$(field a .superblock.size)" $((16 << 20))
is "the data begin at 1 MiB" "$(field a .superblock.data_offset)" $((1 << 20))
is "region size" "$(field a .superblock.region_size)" 65536
is "zone size" "$(field a .superblock.zone_size)" $((16 << 20))
is "no flags" "$(field a '.superblock.flags|length')" 0
is "no generation yet" "$(field a '.superblock.generations|length')" 0
is "both copies" "$(field a '[.copies[].state]|join(" ")')" "valid valid"
is "no marks" "$(field a '.marks|"\(.bad_blocks) \(.active_zones) \(.dirty_regions)"')" "0 0 0"
is "the copies are the same" "$(head -c 4096 a | sha256sum)" \
	"$(head -c 8192 a | tail -c 4096 | sha256sum)"
is "the configuration is as it was" "$(cat $conf)" "$(good_config)"
exits 0 "the other node" create r0 --node beta
is "is node 1" "$(field b .superblock.node)" 1

# --- a superblock is there
before=$(sha256sum <a)
refuses 5 "the same mirror again" "already a leg of this mirror \\(node 0, uuid $UUID\\)" create r0 --node alpha
sed "s/$UUID/$UUID2/" $conf >etc/netmirror/r1.conf
refuses 5 "another mirror, with its name" "a leg of another mirror, r0, uuid $UUID, node 0" create r1 --node alpha
dd if=/dev/zero of=a bs=4096 count=1 conv=notrunc status=none
refuses 5 "only the second copy is left" 'already a leg' create r0 --node alpha
printf x | dd of=a bs=1 seek=5000 conv=notrunc status=none
refuses 5 "it is damaged" 'holds netmirror metadata, but the checksum' create r0 --node alpha
exits 0 "by force" create r0 --node alpha --force
is "as new" "$(sha256sum <a)" "$before"

# --- the three beginnings
exits 0 "source" create r0 --node alpha --source --force
is "is consistent" "$(field a '.superblock.flags|join(" ")')" consistent
is "has one generation" "$(field a '.superblock.generations|length')" 1
gen=$(field a '.superblock.generations[0]')
exits 0 "source again" create r0 --node alpha --source --force
is "the generation is random" "$([ "$gen" != "$(field a '.superblock.generations[0]')" ]; echo $?)" 0
exits 0 "assume clean" create r0 --node alpha --assume-clean --force
is "flags of assume clean" "$(field a '.superblock.flags|join(" ")')" "consistent peer-has-gen"
exits 0 "assume clean, other node" create r0 --node beta --assume-clean --force
is "both know the generation" "$(field a '.superblock.generations[0]')" "$(field b '.superblock.generations[0]')"
is "which is the uuid" "$(field a '.superblock.generations[0]')" "${UUID//-/}"

# --- stale marks of an old life do not survive (I3)
printf 'junk' | dd of=a bs=1 seek=9000 conv=notrunc status=none
is "a spoilt mark block is all dirty" "$(field a .marks.dirty_regions)" 256
exits 0 "create anew" create r0 --node alpha --force
is "the marks are clean" "$(field a .marks.dirty_regions)" 0

# --- a create that dies halfway leaves no superblock, neither old nor new
(
	trap '' XFSZ
	ulimit -f 32
	"$NM_TOOL" create r0 --node alpha --force >out 2>err </dev/null
)
is "create dies halfway" "$(grep -c 'writing the metadata to .*/a failed: File too large' err)" 1
run probe a
is "no superblock is left" "$status" 4
exits 0 "and create can be repeated" create r0 --node alpha

# --- foreign signatures
leg a 32M
mkfs.ext4 -q a
before=$(sha256sum <a)
refuses 5 "ext4" 'cannot create r0: .*/a holds an ext4 file system; wipe it with' create r0 --node alpha
refuses 5 "ext4, dry run" 'an ext4 file system' create r0 --node alpha --dry-run
is "is untouched" "$(sha256sum <a)" "$before"
exits 0 "ext4 by force" create r0 --node alpha --force
is "nothing is left of it" "$(blkid -p -o value -s TYPE a)" ""
leg a 32M
sgdisk -n 1:2048:0 a >/dev/null || echo "Bail out! no sgdisk (gdisk)"
refuses 5 "GPT" 'holds a gpt partition table' create r0 --node alpha
exits 0 "GPT by force" create r0 --node alpha --force
is "nor of its copy at the end" "$(wipefs a)" ""
leg a 32M
# one partition of type 83 and the signature
printf '\0\0\0\0\x83\0\0\0\0\x08\0\0\0\x10\0\0' | dd of=a bs=1 seek=446 conv=notrunc status=none
printf '\x55\xaa' | dd of=a bs=1 seek=510 conv=notrunc status=none
refuses 5 "DOS" 'holds a dos partition table' create r0 --node alpha
leg a 32M
mkswap -q a 2>/dev/null
refuses 5 "swap" 'holds a swap signature' create r0 --node alpha

# --- sizes
leg a 8M
exits 0 "a leg smaller than the configured size" create r0 --node alpha
prints "says so" 'too small for the configured size; write size = 14336s'
is "takes what fits" "$(field a .superblock.size)" $((7 << 20))
leg a 1M
refuses 1 "a leg without room for data" 'too small' create r0 --node alpha
leg a 0
refuses 1 "an empty leg" 'cannot create r0' create r0 --node alpha
rm a
refuses 1 "no leg" 'cannot create r0: cannot open .*/a: No such file' create r0 --node alpha
mkdir a
refuses 1 "a directory" 'cannot create r0' create r0 --node alpha
rmdir a
mkfifo a
refuses 1 "a pipe" 'is not a block device' create r0 --node alpha
rm a
leg a 32M
refuses 2 "another size than configured" 'differs from the size in' create r0 --node alpha --size 8M
refuses 2 "a size that is none" 'size 8: expected' create r0 --node alpha --size 8
refuses 2 "options beside a configuration" 'so --leg cannot be given' create r0 --node alpha --leg /dev/vdb

# --- external metadata
sed -i "s,internal,$WORK/m," $conf
leg a 16M
mkfs.ext4 -q a
before=$(sha256sum <a)
leg m 64K
exits 5 "external: the leg would be overwritten" create r0 --node alpha
exits 0 "external: the content stays" create r0 --node alpha --source
is "the leg is untouched" "$(sha256sum <a)" "$before"
is "the data begin at 0" "$(field m .superblock.data_offset)" 0
is "external flag" "$(field m '.superblock.flags|join(" ")')" "consistent external"
exits 5 "external: metadata are there" create r0 --node alpha --source
leg m 8K
refuses 1 "external: too small" 'metadata device .*/m has 8 KiB, but the mirror needs 12 KiB' create r0 --node alpha --source
leg m 12K
exits 0 "external: just enough" create r0 --node alpha --source
leg m 64K
mkswap -q m 2>/dev/null
exits 5 "external: a foreign signature on the metadata device" create r0 --node alpha --source
exits 0 "external by force" create r0 --node alpha --source --force
is "the leg is still untouched" "$(sha256sum <a)" "$before"

# --- uuid and size are put into a configuration without them
good_config | sed '/^uuid/d; /^size/d' >$conf
leg a 32M
exits 0 "no uuid in the configuration" create r0 --node alpha
prints "says to copy the file" "wrote $conf; copy it to beta"
is "uuid is in the file" "$(sed -n 's/^uuid = //p' $conf)" "$(field a .superblock.uuid)"
is "and the size" "$(sed -n 's/^size = //p' $conf)" $((31 * 2048))s
exits 0 "which the other node takes" create r0 --node beta --force
is "the same uuid" "$(field b .superblock.uuid)" "$(field a .superblock.uuid)"
is "nothing is left over" "$(ls etc/netmirror)" "r0.conf
r1.conf"

# --- from options
rm -r etc/netmirror
leg a 32M
refuses 4 "too few options" 'give at least --leg' create r2 --leg "$WORK/a"
refuses 1 "no address" 'lacks the key address' create r2 --node alpha --leg "$WORK/a" --peer-name beta
opts=(--node alpha --leg "$WORK/a" --address 10.77.0.1 --peer-name beta --peer-address '[fd00::2]:99')
refuses 2 "a bad address" '--address: address = x' create r2 "${opts[@]/10.77.0.1/x}"
refuses 2 "a bad region size" '--region-size: region-size = 3K' create r2 "${opts[@]}" --region-size 3K
refuses 2 "one name for both" 'both nodes would be called alpha' create r2 "${opts[@]/beta/alpha}"
exits 0 "options, dry run" create r2 "${opts[@]}" --dry-run
is "no file" "$(ls etc)" ""
exits 0 "options" create r2 "${opts[@]}" --peer-leg "$WORK/b" --size 20M --region-size 128K --device dm2
is "a complete file" "$(grep -v '^#' etc/netmirror/r2.conf)" "[mirror]
uuid = $(field a .superblock.uuid)
size = 40960s
region-size = 128K
link = rdma

[node alpha]
id = 0
address = 10.77.0.1:7790
leg = $WORK/a
metadata = internal
device = dm2

[node beta]
id = 1
address = [fd00::2]:99
leg = $WORK/b
metadata = internal"
exits 0 "which the other node takes" create r2 --node beta --force
is "with the same sizes" "$(field b '.superblock|"\(.size) \(.region_size)"')" "20971520 131072"
refuses 2 "options again" 'so --' create r2 "${opts[@]}"
leg c 32M
exits 0 "loop" create r3 --config r3.conf --node alpha --link loop --leg "$WORK/c" --device r3a --peer-name beta --peer-leg "$WORK/b" --peer-device r3b
leg a 32M
chmod 555 etc/netmirror
if [ ! -w etc/netmirror ]; then
	refuses 1 "the file cannot be written" 'cannot write the configuration' create r4 "${opts[@]}"
else
	refuses 1 "the file cannot be written" 'cannot write the configuration' create r4 --config /proc/r4.conf "${opts[@]}"
fi
is "then the leg is untouched" "$(tr -d '\0' <a | wc -c)" 0
chmod 755 etc/netmirror

# --- with --start, and a configuration from the other node
rm -rf etc/netmirror dm/*
mkdir -p dev
leg new 32M
new="create r5 --node alpha --leg $WORK/new --address 10.77.0.1 --peer-name beta --peer-address 10.77.0.2"
# shellcheck disable=SC2086 # words
exits 0 "the first node starts" $new --start
prints "says so" '^r5 is primary on this node$'
is "nobody else can have it yet" "$(cat dm/r5/messages)" "promote peer_fenced"
mv etc/netmirror/r5.conf r5.conf
rm -r dm/r5
leg new 32M
status=0
"$NM_TOOL" create r5 --node beta --config - --start <r5.conf >out 2>err || status=$?
is "the second takes what the first has" "$status $(cat err) $(diff r5.conf etc/netmirror/r5.conf)" "0  "
is "and promotes nobody" "$(ls dm/r5)" "$(printf 'sectors\nstatus\ntable\nuuid')"
refuses 5 "there is one already" 'there is .*r5.conf already; remove it' create r5 --node beta --config -
rm etc/netmirror/r5.conf
exits 1 "no configuration" create r5 --node beta --config -
is "it does not stay" "$(ls etc/netmirror)" ""
done_testing
