#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Every refusal of a configuration names the file, the line and what is
# expected, and nothing is touched (I9).
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

leg a 32M
leg b 32M
before=$(cat a b | sha256sum)
conf=etc/netmirror/r0.conf

# bad NAME PATTERN SED-EXPRESSION: the good configuration, spoilt
bad() {
	good_config | sed -E "$3" >$conf
	refuses 1 "$1" "$2" create r0 --node alpha
}

# appended NAME PATTERN TEXT
appended() {
	good_config >$conf
	printf '%s\n' "$3" >>$conf
	refuses 1 "$1" "$2" create r0 --node alpha
}

good_config >$conf
exits 0 "the good one is taken" create r0 --node alpha --dry-run
exits 0 "and from the other node" create r0 --node beta --dry-run
good_config | sed 's/^/  /; s/=/ = /' >$conf
exits 0 "indented" create r0 --node alpha --dry-run
printf '# comment\n\n; another\n%s' "$(good_config)" >$conf
exits 0 "comments, and no newline at the end" create r0 --node alpha --dry-run
printf '\357\273\277%s\n' "$(good_config)" >$conf
exits 0 "a byte-order mark" create r0 --node alpha --dry-run
good_config | sed '/^uuid/s/-//g' >$conf
exits 0 "a uuid without dashes" create r0 --node alpha --dry-run
good_config | sed '/^uuid/d' >$conf
exits 0 "no uuid yet" create r0 --node alpha --dry-run
HOST=$(hostname)
good_config | sed "s/alpha/${HOST%%.*}/" >$conf
exits 0 "the host name tells the node" create r0 --dry-run
good_config >$conf
refuses 1 "a host that is not in it" 'called .*use --node' create r0
refuses 1 "a node that is not in it" 'called gamma' create r0 --node gamma
refuses 4 "no file" 'there is no etc/netmirror/r9.conf' up r9
refuses 4 "no file by --config" 'there is no nowhere' status r0 --config nowhere
mkdir dir
refuses 1 "a directory" 'dir' up r0 --config dir

bad "a line that is none" 'r0.conf:3: expected a \[section\]' '3s/.*/size/'
bad "a section that is not closed" 'r0.conf:5: expected a \[section\]' '5s/\]//'
bad "an unknown section" 'r0.conf:14: \[settings\] is no section' 's/options/settings/'
bad "an empty section name" 'is no section' 's/\[options\]/[]/'
bad "a key before any section" 'r0.conf:1: "uuid" comes before any section' '1d'
bad "an unknown key of mirror" 'r0.conf:3: "sise" is no key of \[mirror\]' 's/^size/sise/'
bad "an unknown key of node" 'r0.conf:8: "lag" is no key of \[node\]' 's/^leg/lag/'
bad "an unknown option" 'r0.conf:15: "timout" is no key of \[options\]' 's/timeout/timout/'
bad "a key without value" 'r0.conf:3: the key "size" has no value' 's/^size.*/size =/'
appended "a section behind a form feed" '\[settings\] is no section' $'\f[settings]'
bad "a path too long for a line of ours" 'of at most 180 characters' \
	"s,^leg = .*/a,leg = /$(printf 'x%.0s' {1..185}),"
bad "a uuid that is short" 'r0.conf:2: uuid = 5a0c: expected 32 hex' 's/^uuid.*/uuid = 5a0c/'
bad "a uuid of zeroes" 'expected 32 hex' 's/^uuid.*/uuid = 00000000000000000000000000000000/'
bad "a uuid with letters" 'expected 32 hex' 's/5a0c/zzzz/'
bad "a uuid with stray dashes" 'expected 32 hex' 's/5a0c1f6e-/5a0c1f6-e/'
for v in 1X 16 0 -1M 3K 16MB 99999999999999T 1.5G; do
	bad "size = $v" "r0.conf:3: size = $v: expected" "s/^size.*/size = $v/"
done
bad "size above 1 PiB" 'at most 1 PiB' 's/^size.*/size = 2048T/'
for v in 3K 2K 2M 64 100K; do
	bad "region-size = $v" "r0.conf:3: region-size = $v: expected" "s/^size.*/region-size = $v/"
done
bad "a zone that is no power of two" 'zone-size = 17M: expected' 's/^size.*/zone-size = 17M/'
bad "a zone too small for its regions" 'r0.conf:1: the zone size must be 64 to 8192' 's/^size.*/zone-size = 1M/'
bad "a relative secret file" 'secret-file = r0.key: expected the absolute path of a file' 's/^size.*/secret-file = r0.key/'
bad "an unknown link" 'link = tcp: expected rdma or loop' 's/rdma/tcp/'
for v in 2 -1 00 a; do
	bad "id = $v" "r0.conf:6: id = $v: expected 0 or 1" "6s/.*/id = $v/"
done
for v in 10.77.0 10.77.0.1:0 10.77.0.1:65536 10.77.0.1: fd00::1 '[fd00::1' '[10.0.0.1]' alpha:1 10.77.0.1:1:2; do
	bad "address = $v" "r0.conf:7: address = .*: expected an IP address" "7s/.*/address = ${v//[/\\[}/"
done
bad "a relative leg" 'leg = vdb: expected the absolute path' '8s/.*/leg = vdb/'
bad "a leg with a space" 'expected the absolute path' '8s/.*/leg = \/dev\/a b/'
bad "relative metadata" 'metadata = meta: expected the absolute path' 's/internal/meta/'
bad "a device that is none" 'device = a.b: expected the name' '9s/.*/device = a\/b/'
bad "a node name that is none" '\[node al pha\]: expected the host name' 's/alpha/al pha/'
bad "a node without name" '\[node\]: expected the host name' 's/node alpha/node/'
bad "no section mirror" 'there is no section \[mirror\]' '1,4d'
bad "only one node" 'only one \[node NAME\]' '10,13d'
bad "no node" 'no \[node NAME\]' '5,13d'
bad "no id" 'r0.conf:5: \[node alpha\] lacks the key id' '6d'
bad "no address" 'r0.conf:5: \[node alpha\] lacks the key address' '7d'
bad "no leg" 'r0.conf:5: \[node alpha\] lacks the key leg' '8d'
bad "no leg of the peer" 'r0.conf:10: \[node beta\] lacks the key leg' '13d'
bad "the same id" 'r0.conf:10: .* have the same id' 's/^id = 1/id = 0/'
bad "the same address" 'have the same address' '12s/.*/address = 10.77.0.1/'
bad "the same leg in one kernel" 'have the same leg' "s/rdma/loop/; s,^leg = .*,leg = $WORK/a,"
bad "the same device in one kernel" 'have the same device' 's/rdma/loop/'
bad "leg and metadata the same" 'r0.conf:5: the leg and the metadata of node alpha are both' "s,internal,$WORK/a,"
bad "a key twice" 'r0.conf:4: the key "size" is there twice, first in line 3' 's/^link.*/size = 16M/'
bad "a node twice" 'r0.conf:10: the section \[node alpha\] is there twice, first in line 5' 's/beta/alpha/'
appended "a section twice" 'r0.conf:16: the section \[mirror\] is there twice, first in line 1' '[mirror]'
appended "empty options twice" 'the section \[options\] is there twice, first in line 14' '[options]'
appended "a third node" 'r0.conf:16: \[node gamma\] is a third node' '[node gamma]'
appended "a line that is too long" 'r0.conf:16: the line is longer' "#$(head -c 300 /dev/zero | tr '\0' x)"
for v in 'timeout = 5' 'timeout = 99ms' 'timeout = 61s' 'timeout = 1m'; do
	bad "$v" "$v: expected a time from 100ms to 60s" "s/^timeout.*/$v/"
done
for v in 'channels = 0' 'channels = 17' 'channels = two' 'depth = 3' \
	'inline = 17K' 'inline = 0' 'active-zones = 1' 'resync-rate = 100' \
	'resync-rate = fast' 'request-timeout = 3601s' 'request-timeout = 1' 'max-backoff = 0' \
	'max-backoff = 61s'; do
	bad "$v" "r0.conf:15: $v: expected" "s/^timeout.*/$v/"
done
# --- words instead of numbers
for v in continue fence; do
	good_config | sed "s/^timeout.*/on-peer-loss = $v/" >$conf
	exits 0 "on-peer-loss = $v" create r0 --node alpha --dry-run
done
for v in none discard-younger discard-older discard-least-changes discard-node:alpha discard-node:beta; do
	good_config | sed "s/^timeout.*/after-split-brain = $v/" >$conf
	exits 0 "after-split-brain = $v" create r0 --node alpha --dry-run
done
for v in suspend 1 Fence 'fence continue'; do
	bad "on-peer-loss = $v" "r0.conf:15: on-peer-loss = $v: expected continue or fence\$" \
		"s/^timeout.*/on-peer-loss = $v/"
done
for v in discard 0 discard-node discard-node: discard-node-0 discard-node-1 'discard-node: alpha'; do
	bad "after-split-brain = $v" \
		"r0.conf:15: after-split-brain = $v: expected none, discard-younger, discard-older, discard-least-changes or discard-node:NAME\$" \
		"s/^timeout.*/after-split-brain = $v/"
done
bad "a node that there is not" \
	'r0.conf: after-split-brain = discard-node:gamma: there is no \[node gamma\], only \[node alpha\] and \[node beta\]$' \
	's/^timeout.*/after-split-brain = discard-node:gamma/'
bad "an unknown option names the others" \
	'takes timeout, channels, depth, inline, active-zones, resync-rate, request-timeout, max-backoff, on-peer-loss and after-split-brain$' \
	's/^timeout.*/on-loss = fence/'
is "the legs were not touched" "$(cat a b | sha256sum)" "$before"
done_testing
