#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# doctor, with programs and a /sys of the test's own.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# program NAME COMMANDS: stands for that of the system
program() {
	printf '#!/bin/sh\n%s\n' "$2" >"bin/$1"
	chmod +x "bin/$1"
}

mkdir -p bin dev/netmirror sys/class/net/lo target
export PATH=$WORK/bin:$PATH
program modprobe 'exit 1'
program lvmconfig 'exit 127'
program rdma 'exit 1'
program ping 'exit 0'
mkdir -p sys/class/infiniband/rxe0/ports/1/gid_attrs/ndevs
echo lo >sys/class/infiniband/rxe0/ports/1/gid_attrs/ndevs/0
echo 65536 >sys/class/net/lo/mtu

config() {
	good_config | sed "s/10.77.0.1:7790/127.0.0.1:7790/; ${1-}"
}

# finds NAME SEVERITY CHECK PATTERN: the doctor says that, and little else
finds() {
	run doctor r0 --node alpha --json
	json "$1" "any(.findings[]; .severity == \"$2\" and .check == \"$3\" and (.what | test(\"$4\")) and (.why | length) > 20 and (.action | length) > 10)"
	is "$1: exit code" "$status" "$([ "$2" = problem ] && echo 1 || echo 0)"
	json "$1: and no more" '(.findings | length) <= '"${5:-1}"
}

exits 0 "no mirror is configured" doctor
is "nothing is wrong" "$(cat out)" "nothing was found"
config >etc/netmirror/r0.conf
leg a 32M
run create r0 --node alpha
exits 0 "all is well" doctor r0 --node alpha
is "it says so" "$(cat out)" "nothing was found"
exits 0 "in JSON" doctor --node alpha --json
json "nothing" '. == {schema_version: 1, findings: [], problems: 0, warnings: 0}'
exits 0 "quiet" doctor --node alpha --quiet
is "says nothing" "$(cat out)" ""

# --- the node
echo 1 >dm/no-target
finds "no module" problem module 'cannot be loaded'
json "which is not the mirror's" '.findings[0].mirror == null'
program modprobe '[ "$*" = "--dry-run dm-netmirror" ]'
exits 0 "a module that can be loaded" doctor --node alpha
rm dm/no-target
echo "$WORK/db" >target/dbroot
mkdir db
finds "a dbroot without pr" problem lio "$WORK/db/pr, which does not exist"
mkdir db/pr
exits 0 "a dbroot with it" doctor --node alpha
config "s/$UUID/${UUID%???}fff/; s,$WORK/a,$WORK/c," >etc/netmirror/r1.conf
finds "two mirrors with one NAA" problem naa 'r0 and r1 have the same first 25'
config "s,$WORK/a,$WORK/c," >etc/netmirror/r1.conf
finds "two mirrors with one uuid" problem uuid 'r0 and r1'
config "s/$UUID/$UUID2/" >etc/netmirror/r1.conf
finds "two mirrors with one leg" problem leg 'r0 and r1 have the same leg'
run doctor --node alpha
is "of all mirrors" "$status" 1
grep -q '^r1, leg, problem: .* belongs to the mirror with uuid' out
result $? "one has the other's leg"
prints "why" '^  why: '
prints "what to do" '^  do:  '
prints "how many" '^problems: 2, warnings: 0$'
rm etc/netmirror/r1.conf

# --- the configuration
refuses 2 "a configuration for all" 'of one mirror' doctor --config x
config 's/^leg/legg/' >etc/netmirror/r0.conf
finds "a key that is none" problem config 'legg'
config >etc/netmirror/r0.conf
run doctor r0 --node gamma --json
json "another host" '.findings[0].check == "config" and (.findings[0].what | test("called gamma"))'
run doctor r9 --node alpha --json
json "no configuration" '.findings[0].check == "config" and (.findings[0].what | test("there is no etc/netmirror/r9.conf"))'
config 's/^timeout.*/timeout = 30s/' >etc/netmirror/r0.conf
finds "a long timeout" warning settings 'timeout is 30000 ms'
config 's/^size.*/size = 8T/; $aresync-rate = 1M' >etc/netmirror/r0.conf
finds "a slow resync" warning settings 'full copy takes 97 days' 2
config '$aafter-split-brain = discard-younger' >etc/netmirror/r0.conf
run doctor r0 --node alpha --json
json "clocks that matter" 'all(.findings[]; .check == "clock" and .severity == "warning")'
config >etc/netmirror/r0.conf

# --- devices
mv a a.away
finds "no leg" problem leg "cannot open $WORK/a: No such file"
leg a 32M
finds "a leg without metadata" problem leg 'make the leg with'
cp a.away a
truncate -s 16M a
finds "a leg that shrank" problem leg 'the device was made smaller'
mv a.away a
config "s,internal,$WORK/m," >etc/netmirror/r0.conf
leg m 4M
leg a 32M
run create r0 --node alpha --force
exits 0 "no LVM" doctor r0 --node alpha
program lvmconfig 'case $3 in *use_devicesfile) echo "use_devicesfile=0" ;; *) echo "$FILTER"; exit "${FILTER_STATUS:-0}" ;; esac'
export FILTER='global_filter=["a|.*|"]'
finds "no filter" problem lvm-filter "LVM takes the leg $WORK/a"
json "a filter that would do" ".findings[0].action | test(\"r[|].*$WORK/a\")"
FILTER_STATUS=5 finds "a filter that is not set" problem lvm-filter 'LVM takes'
FILTER="global_filter=[\"r|^$WORK/a\$|\"]" run doctor r0 --node alpha
is "a filter" "$status" 0
FILTER="global_filter=[\"a|^$WORK/.*|\", \"r|.*|\"]" run doctor r0 --node alpha
is "the first that matches decides" "$status" 1
FILTER="global_filter=[\"r|/b\$|\", \"a|/other|\", \"r|.*|\"]" run doctor r0 --node alpha
is "of several" "$status" 0
FILTER="global_filter=[\"r|^$WORK/a.+|\"]" run doctor r0 --node alpha
is "one that does not match" "$status" 1
FILTER='global_filter=["r|", "x", ""]' run doctor r0 --node alpha
is "nonsense rejects nothing" "$status" 1
program lvmconfig 'echo "Failed to clone current config tree." >&2; exit 5'
run doctor r0 --node alpha
is "LVM without a configuration takes it" "$status" 1
program lvmconfig 'echo "use_devicesfile=1"'
exits 0 "a devices file" doctor r0 --node alpha

# --- the network
config "s,internal,$WORK/m,; s/127.0.0.1/192.0.2.77/" >etc/netmirror/r0.conf
finds "a foreign address" problem address 'has the address 192.0.2.77 of node alpha'
config "s,internal,$WORK/m," >etc/netmirror/r0.conf
echo eth9 >sys/class/infiniband/rxe0/ports/1/gid_attrs/ndevs/0
finds "no RDMA device" problem rdma 'interface lo, which has the address 127.0.0.1'
mkdir -p sys/class/net/lo/device/infiniband
exits 0 "IPoIB" doctor r0 --node alpha
echo 1500 >sys/class/net/lo/mtu
finds "a small MTU" warning mtu 'lo has an MTU of 1500'
echo 9000 >sys/class/net/lo/mtu
gsi='[{"ifname":"rxe0","lqpn":1,"type":"GSI","state":"RTS"},{"lqpn":17,"type":"RC","state":"ERR"}]'
program rdma 'echo "$*" >asked; cat queue-pairs'
echo "$gsi" >queue-pairs
exits 0 "a device that can make connections" doctor r0 --node alpha
is "rdma was asked" "$(cat asked)" "-j resource show qp"
echo "${gsi/RTS/ERR}" >queue-pairs
finds "one that cannot any more" problem connections 'queue pair of rxe0 for connections'
for text in '' '{' '[1, {}, {"type": 7}]' '{"type": "GSI"}'; do
	echo "$text" >queue-pairs
	exits 0 "nonsense from rdma: $text" doctor r0 --node alpha
done
program rdma 'exit 1'
program ping 'echo "$@" >pinged; exit 1'
finds "no answer" warning peer 'beta does not answer a ping at fd00::2'
is "it was asked by its address" "$(awk '{ print $NF }' pinged)" fd00::2
program ping 'exit 2'
exits 0 "a ping that cannot be sent" doctor r0 --node alpha

# --- a mirror that is up
run up r0 --node alpha
ln -sf "$WORK" dev/netmirror/r0
gen=0123456789abcdef0123456789abcdef
echo "2 AA 256/256 idle 0 primary connected $gen 0 0 rw -" >dm/r0/status
echo "- 128 2 254:16 2048 rdma:x 0" >dm/r0/table
program ping 'echo pinged >>pinged; exit 1'
rm -f pinged
exits 0 "a healthy one" doctor r0 --node alpha
is "whose peer needs no ping" "$(ls pinged 2>/dev/null)" ""
mkdir -p sys/dev/block/254:16
echo 34815 >sys/dev/block/254:16/size
finds "a leg that was made smaller since" problem size 'has 34815 sectors, but the mirror needs 34816'
echo 34816 >sys/dev/block/254:16/size
echo "2 AA 256/256 idle 0 primary refused:split-brain $gen 0 0 rw -" >dm/r0/status
program ping 'exit 0'
finds "one that stands alone" problem state 'stands-alone: .*both legs were written'
json "what to do" '.findings[0].action | test("--discard-my-changes")'
echo "2 AA 256/256 idle 0 primary connected $gen 0 0 rw -" >dm/r0/status
rm dev/netmirror/r0
finds "no link" warning link 'no dev/netmirror/r0 although'

# --- what hangs
rm etc/netmirror/r0.conf
mkfifo etc/netmirror/r0.conf
SECONDS=0
finds "a configuration that cannot be read" problem config 'within 5 seconds'
[ $SECONDS -lt 40 ]
result $? "does not hold it up"
done_testing
