#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# selftest.sh - does the lab do what its scenarios rely on? LAB_KERNEL selects the
# kernel of the guests.

set -u
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=tap.sh
. "$here/tap.sh"
# shellcheck source-path=SCRIPTDIR source=lab.sh
. "$here/lab.sh"

# shellcheck disable=SC2034 # for lab.sh
LAB_DISKS="spare:64M"
start=$(millis)
# shellcheck disable=SC2119 # the kernel comes from the environment
lab_init || bail_out "no lab"
diag "lab ready after $(($(millis) - start)) ms, kernel $LAB_KVER"
start=$(millis)
lab_boot 1 2 || bail_out "the guests do not boot"
diag "two guests up after $(($(millis) - start)) ms"

pinged()	# pinged FROM TO [ADDRESS]: over the data link
{
	lab_run "$1" "ping -q -c 1 -W 1 ${3:-node$2}"
}

unpinged()
{
	! pinged "$@"
}

# Commands
is "$(lab_run 1 'uname -r')" "$LAB_KVER" "node 1 runs the kernel that the headers are for"
is "$(lab_run 2 'hostname')" node2 "node 2 is node 2"
status_is 7 "exit status passes" lab_run 1 'exit 7'
status_is 2 "node 0 is refused" lab_run 0 true
is "$(lab_run 1 'echo out; echo err >&2' 2>/dev/null)" out "standard output passes"
is "$(lab_run 1 'echo out; echo err >&2' 2>&1 >/dev/null)" err "standard error passes"
is "$(echo in | lab_run 1 'cat')" in "standard input passes"
# shellcheck disable=SC2016 # the guest expands
is "$(lab_run 1 "echo 'a  b' \"\$((6 * 7))\" \\\$x | sed 's/ /_/g'")" 'a__b_42_$x' "quotes pass"
LAB_TIMEOUT=1 status_is 124 "a command that takes too long ends" lab_run 1 'sleep 1000'
nok "and ends in the guest" lab_run 1 'pgrep -f "^sleep 1000"'

lab_bg 2 slow 'echo begun; sleep 1; echo ended; exit 5'
status_is 5 "a background command's exit status" lab_wait slow
is "$(paste -sd' ' "$(lab_out slow)")" "begun ended" "a background command's output"
lab_bg 2 endless 'sleep 1001'
status_is 124 "a background command goes on" lab_wait endless 0
ok "and is told to stop" lab_stop endless
isnt "$(lab_wait endless; echo $?)" 124 "and stops"
nok "in the guest too" lab_run 2 'pgrep -f "^sleep 1001"'

start=$(millis)
for _ in 1 2 3 4 5 6 7 8 9 10; do lab_run 1 true; done
each=$((($(millis) - start) / 10))
diag "a command takes $each ms"
at_most "$each" 1000 "commands are quick"

# Files
tmp=$LAB_DIR/tmp
head -c 100000 /dev/urandom >"$tmp"
ok "a file goes in" lab_put 1 "$tmp" /root/tmp
ok "and comes out" lab_get 1 /root/tmp "$tmp.back"
ok "unchanged" cmp "$tmp" "$tmp.back"
echo shared >"$(lab_host)/f"
is "$(lab_run 1 'cat /host/f; echo back >/host/g')" shared "/host is shared"
is "$(cat "$(lab_host)/g")" back "both ways"
nok "/nm is read-only" lab_run 1 'touch /nm/x'

# RDMA
for n in 1 2; do
	like "$(lab_run $n 'rdma link')" 'rxe0/1 state ACTIVE.*netdev data0' "rxe on node $n"
	is "$(lab_run $n 'cat /sys/class/net/data0/mtu')" 9000 "MTU on node $n"
done
ok "a large frame passes" lab_run 1 'ping -q -c 1 -s 8000 -M do node2'
ok "IPv6 passes" pinged 1 2 fd77::2
lab_bg 2 server 'rping -s -C 20 -S 4096 -V'
lab_until 10 lab_run 2 'rdma resource show cm_id | grep -q "LISTEN\|rping"'
ok "RDMA CM, reads and writes" lab_run 1 'rping -c -a 10.77.0.2 -C 20 -S 4096 -V'
ok "at the server too" lab_wait server
lab_bg 2 bw 'ib_send_bw -d rxe0 -x 1 -e -F -n 200 -s 65536'
lab_until 10 lab_run 2 'ss -ltn | grep -q :18515'
ok "bulk RDMA, event driven" lab_run 1 'ib_send_bw -d rxe0 -x 1 -e -F -n 200 -s 65536 10.77.0.2'
ok "at the server too" lab_wait bw

# The link
ok "the link carries" pinged 1 2
lab_link_cut 1
nok "a cut link does not" pinged 1 2
is "$(lab_run 1 'cat /sys/class/net/data0/carrier')" 1 "the carrier stays"
is "$(lab_run 1 'echo 1'; lab_run 2 'echo 2')" $'1\n2' "commands go on"
lab_link_heal 1
ok "a healed link does" lab_until 5 pinged 1 2

# The other's address is known after a ping, so each direction shows by itself.
lab_run 2 'ip neigh replace 10.77.0.1 lladdr 52:54:00:4d:00:01 dev data0 nud permanent'
lab_run 1 'ip neigh replace 10.77.0.2 lladdr 52:54:00:4d:00:02 dev data0 nud permanent'
received()	# received N: echo requests that reached node N
{
	lab_run "$1" "awk '/^Icmp:/ { if (\$2 ~ /^[0-9]/) print \$i; else for (i = 2; \$i != \"InEchos\"; i++); }' /proc/net/snmp"
}
lab_link_cut_oneway 1 out
before=$(received 2)
nok "cut outwards: no answer" pinged 1 2
is "$(received 2)" "$before" "the request does not arrive"
lab_link_heal 1
ok "heals" pinged 1 2
lab_link_cut_oneway 1 in
before=$(received 2)
nok "cut inwards: no answer" pinged 1 2
is "$(received 2)" "$((before + 1))" "the request arrives"
lab_link_heal 1
ok "heals" pinged 1 2
lab_link_carrier 1 off
is "$(lab_until 5 lab_run 1 '! grep -q 1 /sys/class/net/data0/carrier'; echo $?)" 0 "a pulled cable is seen"
lab_link_carrier 1 on
ok "and its return" lab_until 5 pinged 1 2

# Frozen
lab_freeze 2
ok "a frozen machine is alive" lab_alive 2
nok "but does not answer" pinged 1 2
LAB_TIMEOUT=1 status_is 124 "nor run commands" lab_run 2 true
lab_thaw 2
ok "thawed it answers" lab_until 5 pinged 1 2
ok "and runs commands" lab_run 2 true

# Power
ok "a leg takes data" lab_run 1 'dd if=/dev/urandom of=/dev/disk/by-id/virtio-leg bs=64K count=16 oflag=direct status=none'
ok "the second disk is there" lab_run 1 'test -b /dev/disk/by-id/virtio-spare'
sum=$(lab_run 1 'head -c 1M /dev/disk/by-id/virtio-leg | md5sum')
is "$(head -c 1M "$(lab_leg 1)" | md5sum)" "$sum" "the leg is a file of the host"
ok "a power cut" lab_power_cut 1
nok "leaves it dead" lab_alive 1
status_is 255 "with nobody to run commands" lab_run 1 true
ok "the other goes on" lab_run 2 true
ok "power on" lab_power_on 1
is "$(lab_run 1 'head -c 1M /dev/disk/by-id/virtio-leg | md5sum')" "$sum" "the leg has kept its data"

# Legs
lab_run 1 'cat /dev/disk/by-id/virtio-leg' 2>/dev/null | head -c 1M |
	lab_run 2 'dd of=/dev/disk/by-id/virtio-leg bs=64K iflag=fullblock oflag=direct conv=notrunc status=none'
ok "equal legs" lab_cmp_legs 1 2
lab_run 2 'printf X | dd of=/dev/disk/by-id/virtio-leg bs=1 seek=5000000 conv=notrunc,fsync status=none'
nok "unequal legs" lab_cmp_legs 1 2
like "$(lab_cmp_legs 1 2)" 'byte 5000000:' "where they differ"
ok "equal before it" lab_cmp_legs 1 2 0 5000000
ok "equal after it" lab_cmp_legs 1 2 5000001
like "$(lab_cmp_legs 1 2 4999999 2)" 'byte 5000000:' "in a range"

# Consoles
ok "nothing bad on the consoles" lab_check_consoles
lab_run 2 'echo "<4>WARNING: provoked" >/dev/kmsg'
lab_until 5 grep -q provoked "$LAB_DIR/console.2"
nok "a warning is found" lab_check_consoles
LAB_CONSOLE_ALLOW='WARNING: provoked' ok "and may be allowed" lab_check_consoles
lab_console_accept
ok "or accepted" lab_check_consoles
lab_run 2 'echo c >/proc/sysrq-trigger' 2>/dev/null
ok "a panic ends the machine" lab_until 10 eval '! lab_alive 2'
nok "and is found" lab_check_consoles
lab_console_accept
ok "which boots again" lab_power_on 2
ok "power off, with clean consoles" lab_done
nok "nobody is left" eval 'lab_alive 1 || lab_alive 2'
done_testing
