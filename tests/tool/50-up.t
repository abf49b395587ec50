#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# up and down: the table line, the link, and what is checked before.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

conf=etc/netmirror/r0.conf
good_config >$conf
leg a 32M
leg b 32M
run create r0 --node alpha --source
run create r0 --node beta

exits 0 "dry run" up r0 --node alpha --dry-run
is "the commands" "$(cat out)" "modprobe dm-netmirror
dmsetup create r0 --uuid NETMIRROR-$UUID --table '0 32768 netmirror - 128 2 $WORK/a 2048 rdma:[fd00::2]:7791/r0 0 0 4 listen 10.77.0.1:7790 timeout_ms 2000'
ln -sfn /dev/mapper/r0 dev/netmirror/r0"
is "nothing was started" "$(ls dm)" ""
exits 0 "dry run of the other node" up r0 --node beta --dry-run
prints "its peer is the first" "$WORK/b 2048 rdma:10.77.0.1:7790/r0 0 0 4 listen \\[fd00::2\\]:7791"

cat >>$conf <<-END
	channels = 2
	depth = 64
	inline = 8K
	active-zones = 256
	resync-rate = 100M
	request-timeout = 10s
	max-backoff = 500ms
END
run up r0 --node alpha --dry-run
prints "all options" ' 0 18 listen 10.77.0.1:7790 timeout_ms 2000 channels 2 depth 64 inline 8192 active_zones 256 resync_rate 102400 request_timeout_ms 10000 max_backoff_ms 500'
# policy RULE WORD: what the table line has for it, the same on both nodes
policy() {
	good_config | sed "s/^timeout.*/on-peer-loss = fence\nafter-split-brain = $1/" >$conf
	for node in alpha beta; do
		run up r0 --node $node --dry-run
		prints "$1 on $node" " 0 6 listen [^ ]* on_peer_loss fence after_split_brain $2'\$"
	done
}

{ good_config | sed 's/^timeout.*/request-timeout = 0/'; } >$conf
run up r0 --node alpha --dry-run
prints "waiting for ever" " 0 4 listen 10.77.0.1:7790 request_timeout_ms 0'"
policy none none
policy discard-younger discard-younger
policy discard-older discard-older
policy discard-least-changes discard-least-changes
policy discard-node:alpha discard-node-0
policy discard-node:beta discard-node-1
{ echo '[options]'; echo 'after-split-brain = discard-node:beta'; good_config | sed '/options/,$d'; } >$conf
run up r0 --node alpha --dry-run
prints "a node that comes later" " 0 4 listen 10.77.0.1:7790 after_split_brain discard-node-1'$"
good_config | sed '/options/,$d' >$conf
run up r0 --node alpha --dry-run
prints "no options" " 0 2 listen 10.77.0.1:7790'"

# --- two nodes in one kernel
good_config | sed '/options/,$d; s/rdma/loop/; /address/d; s/^id = \(.\)/&\ndevice = r0-\1/' >$conf
run up r0 --node beta --dry-run
is "loop" "$(sed -n 2,3p out)" "dmsetup create r0-1 --uuid NETMIRROR-$UUID-1 --table '0 32768 netmirror - 128 2 $WORK/b 2048 loop:r0-0 0'
ln -sfn /dev/mapper/r0-1 dev/netmirror/r0-1"
good_config >$conf

# --- refusals
good_config | sed "s/$UUID/$UUID2/" >$conf
refuses 5 "wrong uuid" "belongs to the mirror with uuid $UUID, but .* another uuid" up r0 --node alpha
good_config | sed '/^uuid/d' >$conf
refuses 5 "no uuid" "has no uuid; write it there" up r0 --node alpha
good_config | sed "s,$WORK/b,$WORK/x,; s,$WORK/a,$WORK/b," >$conf
refuses 5 "the other node's leg" 'is the leg of node 1, but node alpha has id 0' up r0 --node alpha
good_config | sed 's/^size.*/region-size = 128K/' >$conf
refuses 1 "another region size" 'made with regions of 64K and zones of 16384K' up r0 --node alpha
good_config | sed "s,internal,$WORK/a2," >$conf
cp a a2
refuses 5 "internal as external" 'for internal metadata' up r0 --node alpha
good_config >$conf
cp a a.old
truncate -s 16M a
refuses 1 "a leg that shrank" 'has 32768 sectors but the mirror needs 34816' up r0 --node alpha
mv a.old a
rm b.none 2>/dev/null
is "nothing was started" "$(ls dm)" ""

# --- for real, as far as files go
echo 22 >dm/errno-create
refuses 1 "the kernel refuses" 'Invalid argument; .*dmesg.*the table was "0 32768 netmirror - 128 2' up r0 --node alpha
rm dm/errno-create
is "no link is left" "$(ls dev/netmirror 2>/dev/null)" ""
mkdir -p dev
exits 0 "up" up r0 --node alpha
is "the device" "$(cat dm/r0/uuid)" "NETMIRROR-$UUID"
is "the link" "$(readlink dev/netmirror/r0)" /dev/mapper/r0
exits 0 "up again" up r0 --node alpha
prints "says so" 'is up already'
echo foreign >dm/r0/uuid
refuses 5 "somebody else's device" 'another device-mapper device r0' up r0 --node alpha
echo "NETMIRROR-$UUID" >dm/r0/uuid
echo linear >dm/r0/target
refuses 1 "no mirror of ours" 'is a linear device' status r0 --node alpha
refuses 1 "and down leaves it alone" 'is a linear device' down r0 --node alpha
rm dm/r0/target
exits 0 "down, dry run" down r0 --node alpha --dry-run
is "its commands" "$(cat out)" "dmsetup remove r0
rm -f dev/netmirror/r0"
echo 1 >dm/r0/open
refuses 5 "down while open" 'device r0 is in use' down r0 --node alpha
is "the link stays" "$(readlink dev/netmirror/r0)" /dev/mapper/r0
exits 0 "down by force" down r0 --node alpha --force
is "later" "$(cat dm/r0/deferred)" 1
rm dm/r0/deferred
echo 0 >dm/r0/open
exits 0 "down" down r0 --node alpha
is "the device is gone" "$(ls dm)" ""
is "and the link" "$(ls dev/netmirror)" ""
exits 0 "down again" down r0 --node alpha
prints "says so" 'is down already'
exits 0 "quiet" down r0 --node alpha --quiet
is "says nothing" "$(cat out)" ""
exits 4 "up of what is not there" up r9
exits 4 "down of what is not there" down r9
done_testing
