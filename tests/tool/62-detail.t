#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# detail, the columns of list, and that neither looks at a device.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

gen=0123456789abcdef0123456789abcdef
good_config | sed "s/alpha/$(hostname)/" >etc/netmirror/r0.conf
leg a 32M
run create r0
run up r0
settings="active_zones 256 after_split_brain none on_peer_loss continue timeout_ms 2000"
tail="md_writes 7 dirty_regions 4 leg_flags 9 io_held no peer_role secondary"
echo "both legs were written apart from each other, and the nodes have different rules for that (after_split_brain)" >dm/r0/verdict

# says HEALTH LINK MORE...: what the kernel tells from now on
says()
{
	local pairs

	read -ra pairs <<<"$settings $tail ${*:3}"
	echo "2 $1 252/256 idle 0 primary $2 $gen 1 grow ${#pairs[@]} ${pairs[*]} rw -" >dm/r0/status
}

says AA connected verdict to-peer apart none differs none
echo "the peer missed writes" >dm/r0/verdict
exits 0 "detail" detail r0
prints "the name" '^r0:$'
prints "the uuid" "UUID : $UUID\$"
prints "the size" 'Size : 32768 sectors \(16 MiB\)'
prints "the state" 'State : degraded: the peer.s leg|State : '
prints "this node" "Name : $(hostname) \\(node 0\\)"
prints "its leg as the table has it" "In Use : $WORK/a, data from sector 2048, metadata internal"
prints "the other node" 'Name : beta \(node 1\)'
prints "its role" 'Role : secondary'
prints "where it is" 'Remote : rdma:\[fd00::2\]:7791/r0'
prints "where this node listens" 'Listens : 10.77.0.1:7790'
prints "the last verdict" 'Last Verdict : to-peer: the peer missed writes'
prints "the generation" "Generation : $gen"
prints "the flags of the leg" 'Leg Flags : consistent peer-has-gen$'
prints "a policy" 'on_peer_loss : continue'
prints "what is not the default" 'timeout_ms : 2000'
is "what is the default is left out" "$(grep -c active_zones out)" 0
prints "a counter" 'md_writes : 7'
exits 0 "detail as JSON" detail r0 --json
json "the table" '.table | .data_offset == 1048576 and .listen == "10.77.0.1:7790" and .metadata == null and .secret == null'
json "settings" '.settings.active_zones == 256 and .settings.on_peer_loss == "continue"'
json "those that are not the default" '.changed_settings == {timeout_ms: 2000}'
json "flags" '.leg_flags == ["consistent", "peer-has-gen"]'
json "the verdict" '.handshake == {verdict: "to-peer", why: "the peer missed writes", apart: null, differs: []}'
json "the peer's role" '.peer_role == "secondary"'

says AD refused:split-brain verdict refuse apart split-brain differs after_split_brain,timeout_ms
echo "both legs were written apart from each other, and the nodes have different rules for that (after_split_brain)" >dm/r0/verdict
run status r0
tr -s ' \n' ' ' <out >joined
mv joined out
prints "status tells the verdict in full" 'stands alone, because both legs were written apart from each other, and the nodes have different rules'
prints "and what differs" 'The nodes differ in after_split_brain,timeout_ms: give both the same'
exits 0 "detail of it" detail r0
prints "detail as well" 'Nodes Differ In : after_split_brain,timeout_ms'
run detail r0 --json
json "in JSON" '.handshake.differs == ["after_split_brain", "timeout_ms"] and .handshake.apart == "split-brain"'
for reason in "disconnected/was disconnected by its administrator.*On beta: netmirrorctl connect r0" \
	"suspended/is suspended on beta.*On beta: dmsetup resume r0" \
	"leg-failed/the leg of beta has failed.*replace-leg r0"; do
	says AD connecting verdict in-sync apart "${reason%%/*}" differs none
	run status r0
	tr -s ' \n' ' ' <out >joined
	mv joined out
	prints "why the peer is away: ${reason%%/*}" "${reason#*/}"
done
says AD handshake verdict none apart none differs none
run status r0
prints "a handshake" 'the nodes agree on what has to be copied'
echo Fail >dm/r0/status
exits 0 "detail of a mirror that failed" detail r0
exits 0 "as JSON" detail r0 --json
echo 'netmirror - 128 3 x' >dm/r0/table
refuses 1 "a table that makes no sense" 'cannot understand the table' detail r0
run down r0
run up r0
says AA connected verdict in-sync apart none differs none

# --- columns
exits 0 "columns" list -o name,health,percent,peer,verdict
is "as they were asked for" "$(cat out)" "NAME  HEALTH  PERCENT  PEER  VERDICT
r0    AA        98.43  beta  in-sync"
exits 0 "columns besides the usual ones" list -o +uuid
prints "behind them" "^NAME +STATE +ROLE +LINK +SIZE +DEVICE +UUID"
exits 0 "no headings" list -o name,open --noheadings
is "the row alone" "$(cat out)" "r0  0"
run list -o help
while read -r c _; do
	exits 0 "the column $c" list -o "$c" --sort "$c"
	is "has a heading" "$(head -n 1 out | xargs)" "${c^^}"
	is "has something in it" "$(sed -n 2p out | grep -c .)" 1
done <<<"$(cat out)"
refuses 2 "a column that is not there" 'no column "frob"; .*list -o help' list -o name,frob
refuses 2 "one to sort by" 'no column "frob"' list --sort -frob
refuses 2 "columns of JSON" 'without --columns' list --json -o name
for m in a9 z1; do
	cp -r dm/r0 dm/$m
done
echo 8192 >dm/z1/sectors
echo 65536 >dm/a9/sectors
exits 0 "sorted by size" list -o name --noheadings --sort size
is "the smallest first" "$(xargs <out)" "z1 r0 a9"
exits 0 "the largest first" list -o name --noheadings --sort -size
is "the other way round" "$(xargs <out)" "a9 r0 z1"
exits 0 "sorted by two" list -o name --noheadings --sort role,-name
is "the second counts where the first is the same" "$(xargs <out)" "z1 r0 a9"
rm -r dm/a9 dm/z1

# --- a leg that hangs: whoever opens it waits for ever, but for this test
rm a
mkfifo a
(: >a; echo somebody >opened) &
writer=$!
for c in "status r0" "status r0 --json" "detail r0" "detail r0 --json" \
	"list --all" "list --json"; do
	# shellcheck disable=SC2086
	exits 0 "$c with a leg that hangs" $c
done
kill -0 $writer 2>/dev/null
result $? "nobody opened the leg"
run dump-md "$WORK/a"
for _ in $(seq 600); do
	kill -0 $writer 2>/dev/null || break
	sleep 0.1
done
is "who opens it is seen" "$(cat opened)" somebody
done_testing
