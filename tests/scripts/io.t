#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# links: loop rdma
# check: 6.1-rdma 6.12-loop
#
# Writes, reads, flushes, discards and write-zeroes of many sizes reach both
# legs (I2, I7), a read gives back what was written (I8), steady state writes
# no metadata.

set -u
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"

mirror_boot
ok "the legs are made" mirror_create
ok "both nodes are up and connected" mirror_up
is "$(st a health)/$(st b health)" AA/AA "both legs are in sync"

nok "a secondary takes no I/O" on a 'dd if=$DEV of=/dev/null bs=4k count=1'
ok "a is promoted" ctl a promote
nok "b cannot be promoted as well" ctl b promote

ok "small random writes are read back" on a 'fio --name=small --filename=$DEV \
	--direct=1 --ioengine=libaio --iodepth=16 --rw=randwrite --bsrange=4k-16k \
	--size=64M --io_size=12M --verify=crc32c --do_verify=1 --minimal'
ok "large writes are read back" on a 'fio --name=large --filename=$DEV \
	--direct=1 --ioengine=libaio --iodepth=8 --rw=write --bs=1M \
	--size=48M --offset=64M --verify=crc32c --do_verify=1 --minimal'
ok "buffered writes with fsync are read back" on a 'fio --name=buffered --filename=$DEV \
	--rw=randwrite --bsrange=4k-256k --fsync=8 --size=32M --offset=120M --verify=crc32c --do_verify=1 --minimal'
ok "mixed overlapping writes from four jobs" on a 'fio --name=overlap --filename=$DEV \
	--direct=1 --ioengine=libaio --iodepth=16 --numjobs=4 --rw=randwrite --bsrange=4k-64k \
	--size=2M --offset=160M --io_size=8M --norandommap --minimal'
ok "a 512-byte write" on a 'echo hello | dd of=$DEV bs=512 seek=400001 conv=sync oflag=direct'
ok "write-zeroes" on a 'blkdiscard -z -o 1M -l 4M $DEV && cmp -n 4194304 -i 1M:0 $DEV /dev/zero'
ok "discard" on a 'blkdiscard -o 64M -l 16M $DEV'
ok "a file system with fsync" on a 'mkfs.ext4 -q -F $DEV && mount $DEV /mnt &&
	cp -r /usr/bin /mnt/ && sync && umount /mnt && e2fsck -fn $DEV'
ok "the legs are the same" same_legs

# leg_writes: 4 KiB blocks written to the leg of a so far, by the disk's statistics
# (which count an empty flush as a write command, so these are no measure)
leg_writes()
{
	on a 'awk "{ print \$7 / 8 }" /sys/block/$(basename $(readlink /dev/disk/by-id/virtio-leg))/stat'
}

# Hot zones: the second of two equal loads writes no metadata, by the mirror's own
# count and by that of the disk below it.
on a 'fio --name=hot --filename=$DEV --direct=1 --ioengine=libaio --iodepth=16 \
	--rw=randwrite --bs=4k --size=32M --io_size=4M --minimal' >/dev/null
before=$(st a md_writes)
writes=$(st a app_writes)
leg=$(leg_writes)
ok "steady load" on a 'fio --name=hot --filename=$DEV --direct=1 --ioengine=libaio \
	--iodepth=16 --rw=randwrite --bs=4k --size=32M --io_size=16M --norandommap --minimal'
leg=$(($(leg_writes) - leg))
writes=$(($(st a app_writes) - writes))
before=$(($(st a md_writes) - before))
diag "$before metadata writes for $writes application writes; the disk counts $leg blocks"
ok "at least 4000 writes were counted" [ "$writes" -ge 4000 ]
at_most $((before * 1000)) "$writes" "fewer than 1 metadata write per 1,000 writes"
ok "the disk got every write" [ "$leg" -ge "$writes" ]
at_most $(((leg - writes) * 1000)) "$writes" "and no more than 1 in 1,000 beside them"
ok "the legs are the same" same_legs

ok "a is demoted" ctl a demote
ok "b is promoted" ctl b promote
ok "b has the file system's successor data" on b 'dd if=$DEV of=/dev/null bs=1M count=64 iflag=direct'
ok "b goes down" ctl b down
ok "a goes down" ctl a down
ok "the module unloads" on a 'rmmod dm_netmirror'
mirror_done
