#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# resize: what is checked first, the table that is loaded, and the way back.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

gen=0123456789abcdef0123456789abcdef
conf=etc/netmirror/r0.conf
good_config >$conf
leg a 32M
leg b 32M
run create r0 --node alpha --source
run create r0 --node beta
run up r0 --node alpha
core="listen 10.77.0.1:7790 timeout_ms 2000"
live="- 128 2 $WORK/a 2048 rdma:[fd00::2]:7791/r0 0"

# says HEALTH ROLE LINK [IO-HELD [ON-PEER-LOSS]]: what the kernel tells from now on
says() {
	echo "2 $1 256/256 idle 0 $2 $3 $gen 0 4 io_held ${4-no} on_peer_loss ${5-continue} rw -" >dm/r0/status
}

# loaded NAME TABLE: what resize --dry-run makes of the live table
loaded() {
	run resize r0 24M --node alpha --dry-run
	is "$1" "$(cat out)" "dmsetup reload r0 --table '0 49152 netmirror $2'
dmsetup resume r0"
}

# --- the table
says AA primary connected
loaded "features are counted" "$live 1 grow 4 $core"
is "a dry run changes nothing" "$(cat dm/r0/sectors; cat dm/r0/table; diff $conf <(good_config); ls ./*.new 2>/dev/null)" \
	"32768
$live 0 4 $core"
echo "$live 1 no_discard 4 $core" >dm/r0/table
loaded "others stay" "$live 2 no_discard grow 4 $core"
echo "$live 2 grow no_discard 0" >dm/r0/table
loaded "it is there already" "$live 2 grow no_discard 0"
echo "$live" >dm/r0/table
loaded "there are no counts" "$live 1 grow"
echo "$live 0 4 $core" >dm/r0/table

# --- sizes
for size in 0 17 17001s 1X "" -1; do
	refuses 2 "size $size" "expected max, or a multiple of 4K" resize r0 --node alpha -- "$size"
done
refuses 2 "no size" 'the usage is' resize r0 --node alpha
refuses 5 "a smaller one" 'it has 16 MiB \(32768s\), and a mirror cannot be made smaller' \
	resize r0 8M --node alpha
refuses 1 "more than the leg has" "the leg $WORK/a has no room for it; the largest size possible is 31 MiB \\(63488s\\); make the device larger first" \
	resize r0 32M --node alpha
run resize r0 max --node alpha --dry-run
prints "all that the leg has" "'0 63488 netmirror"
truncate -s 33558528 a
run resize r0 max --node alpha --dry-run
prints "in blocks of 4K" "'0 63496 netmirror"
truncate -s 33554944 a
run resize r0 max --node alpha --dry-run
prints "whole ones" "'0 63488 netmirror"
truncate -s 8T a
refuses 1 "more than the marks have room for" "the metadata on $WORK/a have no room for the marks of so large a mirror; the largest size possible is 496.1 GiB \\(1040384000s\\)" \
	resize r0 1T --node alpha
run resize r0 max --node alpha --dry-run
prints "all that the marks have" "'0 1040384000 netmirror"
truncate -s 32M a
exits 0 "the size that it has" resize r0 16M --node alpha
prints "says so" 'r0 has 16 MiB \(32768s\) on this node already'
is "nothing was loaded" "$(cat dm/r0/table)" "$live 0 4 $core"

# --- states
# not_now NAME PATTERN: nothing is done in this state
not_now() {
	refuses 5 "$1" "cannot make r0 larger: $2" resize r0 24M --node alpha
}

says DA primary connected
not_now "the leg has failed" 'its leg on this node has failed; see "netmirrorctl status r0"'
echo Fail >dm/r0/status
not_now "the mirror has failed" 'its leg on this node has failed'
says AD primary connecting fencing
not_now "I/O waits" 'its I/O waits; see "netmirrorctl status r0"'
says aA primary connected
not_now "the leg of the primary is being filled" 'one leg is still being copied .*wait-sync r0'
says Aa secondary connected
not_now "the leg of the peer is being filled" 'one leg is still being copied'
says AA primary connected no fence
not_now "a primary that would hold its I/O" 'the nodes will part, .*on-peer-loss = fence\); make it larger on beta first'
echo 1 >dm/r0/suspended
not_now "it is suspended" 'its device is suspended; when it may go on: dmsetup resume r0'
rm dm/r0/suspended
for state in "Aa primary connected" "aA secondary connected" "aa secondary connected" \
	"AD primary connecting no fence" "AA secondary connected no fence"; do
	# shellcheck disable=SC2086 # words
	says $state
	exits 0 "$state" resize r0 24M --node alpha --dry-run
done

# --- the kernel refuses
says AA primary connected
# stays NAME: neither the device nor the configuration has changed
stays() {
	is "$1: the old table" "$(cat dm/r0/sectors dm/r0/table)" "32768
$live 0 4 $core"
	is "$1: at work" "$(cat dm/r0/suspended 2>/dev/null || echo 0)" 0
	is "$1: the configuration" "$(diff $conf <(good_config) 2>&1; ls etc/netmirror)" r0.conf
	rm -f dm/r0/errno-*
}
echo 22 >dm/r0/errno-reload
refuses 1 "the table" 'refused the table: Invalid argument; .*dmesg.*"0 49152 netmirror .* grow .*nothing was changed' \
	resize r0 24M --node alpha
stays "the table"
echo 16 >dm/r0/errno-suspend
refuses 1 "to suspend" 'the device r0 cannot be suspended: Device or resource busy; nothing was changed' \
	resize r0 24M --node alpha
is "the new table is dropped" "$(find dm/r0 -name '*new*')" ""
stays "to suspend"
echo 22 >dm/r0/errno-resume
refuses 1 "to resume" 'the kernel refused: Invalid argument; .*dmesg.*; the mirror goes on as it was' \
	resize r0 24M --node alpha
stays "to resume"
echo 22 >dm/r0/errno-resume
echo 5 >dm/r0/errno-resume.next
refuses 1 "to go back" "and the old table as well: Input/output error; .* suspended, .*dmsetup reload r0 --table '0 32768 netmirror .*' and dmsetup resume r0" \
	resize r0 24M --node alpha
is "it is suspended" "$(cat dm/r0/suspended)" 1
echo 0 >dm/r0/suspended
stays "to go back, and was helped"
refuses 1 "a configuration that cannot be written" 'cannot write the configuration of r0' \
	resize r0 24M --node alpha --config <(good_config)
stays "no configuration"

# --- for real
exits 0 "it grows" resize r0 24M --node alpha
prints "says so" '^r0 has 24 MiB \(49152s\) on this node now$'
prints "and what is next" '^the nodes stay apart until it has 49152s on beta as well; next: there "netmirrorctl resize r0 49152s", then here "netmirrorctl connect r0"$'
is "the new table" "$(cat dm/r0/sectors dm/r0/table)" "49152
$live 1 grow 4 $core"
is "the configuration" "$(cat $conf)" "$(good_config | sed 's/^size = .*/size = 49152s/')"
is "nothing is left over" "$(ls etc/netmirror)" r0.conf
says AD primary refused:size
sed -i '/^size/d' $conf
exits 0 "it grows again, the second" resize r0 28M --node alpha --yes
prints "what is next" '^next: if it has 57344s on beta as well, there: netmirrorctl connect r0$'
is "the table is grown once" "$(cat dm/r0/sectors dm/r0/table)" "57344
$live 1 grow 4 $core"
is "the configuration has a size now" "$(sed -n 2p $conf)" "size = 57344s"
sed -i 's/^size.*/size = 16M/' $conf
exits 0 "the configuration was left behind" resize r0 28M --node alpha
is "and follows" "$(sed -n 2p $conf)" "size = 57344s"

# --- a secret
printf %064d 0 >r0.key
chmod 600 r0.key
sed -i "s,^size.*,&\nsecret-file = $WORK/r0.key," $conf
run resize r0 max --node alpha --dry-run
is "a dry run has the key" "$(head -n 1 out)" \
	"head -c 64 $WORK/r0.key | keyctl padd logon netmirror:r0 @s"
exits 0 "it grows" resize r0 max --node alpha
is "the kernel was given the key" "$(cat dm/keys)" "netmirror:r0 $(cat r0.key)"
is "it has all" "$(cat dm/r0/sectors)" 63488
mv r0.key r0.gone
truncate -s 40M a
refuses 4 "no secret" 'there is no .*/r0.key with the secret; copy it from beta' resize r0 max --node alpha

# --- a mirror that is not there
sed -i /secret/d $conf
rm -r dm/r0
refuses 4 "a mirror that is down" 'is down: there is no device r0; start it' resize r0 32M --node alpha
exits 4 "a mirror that is not there" resize r9 32M
done_testing
