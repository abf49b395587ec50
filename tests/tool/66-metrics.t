#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# metrics, and whether the dashboard and the alerts use such as exist.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

gen=0123456789abcdef0123456789abcdef
good_config >etc/netmirror/r0.conf
leg a 32M

# lints NAME FILE
lints() {
	local bad=0

	perl "$HERE/openmetrics.pl" "$2" >lint || bad=1
	sed 's/^/# /' lint
	result $bad "$1"
}

# has SAMPLE VALUE: of the last run
has() {
	is "$1" "$(awk -v s="$1" 'index($0, s " ") == 1 { print $NF }' out)" "$2"
}

rm etc/netmirror/r0.conf
exits 0 "no mirror" metrics --node alpha
is "no metric" "$(cat out)" "# EOF"
good_config >etc/netmirror/r0.conf
run create r0 --node alpha
exits 0 "a mirror that is down" metrics --node alpha
lints "its metrics are OpenMetrics" out
has 'netmirror_up{mirror="r0"}' 0
has 'netmirror_state{mirror="r0",netmirror_state="down"}' 1
is "nothing else is known" "$(grep -c '^netmirror_link' out)" 0
run up r0 --node alpha

# A device with statistics, and its leg
echo 7 >dm/r0/dev
mkdir -p sys/dev/block/253:7 sys/dev/block/254:16
echo "   10 0 80 1500 20 0 320 2500 3 0 0 0 0 0 0 5 750" >sys/dev/block/253:7/stat
echo "   11 0 88 100 21 0 336 200 1 0 0" >sys/dev/block/254:16/stat
echo "- 128 2 254:16 2048 rdma:[fd00::2]:7791/r0 0" >dm/r0/table
echo 17 >dm/r0/event
echo "2 Aa 64/256 resync 2 primary connected $gen 0 22 app_reads 3 peer_reads 1 remote_reads 1 md_writes 1 repairs 1 peer_writes 4 link_losses 5 resync_regions 6 leg_flags 1 io_held no nr_active_zones 9 rw -" >dm/r0/status
exits 0 "a mirror that is up" metrics --node alpha
lints "its metrics are OpenMetrics" out
has "netmirror_mirror_info{mirror=\"r0\",device=\"r0\",uuid=\"$UUID\",node=\"alpha\",peer=\"beta\"}" 1
has 'netmirror_up{mirror="r0"}' 1
has 'netmirror_healthy{mirror="r0"}' 0
has 'netmirror_state{mirror="r0",netmirror_state="resyncing"}' 1
has 'netmirror_state{mirror="r0",netmirror_state="healthy"}' 0
has 'netmirror_role{mirror="r0",netmirror_role="primary"}' 1
has 'netmirror_role{mirror="r0",netmirror_role="secondary"}' 0
has 'netmirror_link{mirror="r0",netmirror_link="connected"}' 1
has 'netmirror_leg{mirror="r0",leg="local",netmirror_leg="in-sync"}' 1
has 'netmirror_leg{mirror="r0",leg="peer",netmirror_leg="out-of-sync"}' 1
has 'netmirror_sync{mirror="r0",netmirror_sync="resync"}' 1
has 'netmirror_io_held{mirror="r0",netmirror_io_held="no"}' 1
has 'netmirror_size_bytes{mirror="r0"}' 16777216
has 'netmirror_out_of_sync_bytes{mirror="r0"}' 12582912
has 'netmirror_sync_left_bytes{mirror="r0"}' 12582912
has 'netmirror_mismatched_regions{mirror="r0"}' 2
has 'netmirror_active_zones{mirror="r0"}' 9
has 'netmirror_peer_writes_total{mirror="r0"}' 4
has 'netmirror_link_losses_total{mirror="r0"}' 5
has 'netmirror_resynced_regions_total{mirror="r0"}' 6
has 'netmirror_events_total{mirror="r0"}' 17
has 'netmirror_in_flight{mirror="r0"}' 3
has 'netmirror_reads_total{mirror="r0"}' 10
has 'netmirror_read_bytes_total{mirror="r0"}' 40960
has 'netmirror_read_seconds_total{mirror="r0"}' 1.5
has 'netmirror_written_bytes_total{mirror="r0"}' 163840
has 'netmirror_write_seconds_total{mirror="r0"}' 2.5
has 'netmirror_flushes_total{mirror="r0"}' 5
has 'netmirror_flush_seconds_total{mirror="r0"}' 0.75
has 'netmirror_leg_writes_total{mirror="r0"}' 21
has 'netmirror_leg_write_seconds_total{mirror="r0"}' 0.2
cp out full

for family in state role link sync io_held; do
	is "$family is in one state" "$(grep -c "^netmirror_$family{.*} 1\$" out)" 1
done
# The words of the tool are those that have a sample.
is "every state has a sample" \
	"$(sed -n 's/.*netmirror_state="\([a-z-]*\)".*/\1/p' out | sort | xargs)" \
	"$(sed -n 's/.*d->state = "\([a-z-]*\)".*/\1/p' "$TOP/userspace/netmirrorctl/diagnosis.c" | sort -u | xargs)"
is "every sync action has one" \
	"$(sed -n 's/.*netmirror_sync="\([a-z-]*\)".*/\1/p' out | sort | xargs)" \
	"$(sed -n '/^const char \*nm_status_sync/,/^}/s/.*return "\([a-z]*\)".*/\1/p' "$TOP/dm-netmirror/status.c" | sort | xargs)"

echo "2 DD 64/256 idle 0 primary refused:split-brain $gen 0 2 io_held fencing rw -" >dm/r0/status
run metrics --node alpha
lints "of one that stands alone" out
has 'netmirror_link{mirror="r0",netmirror_link="refused"}' 1
has 'netmirror_leg{mirror="r0",leg="local",netmirror_leg="failed"}' 1
has 'netmirror_leg{mirror="r0",leg="peer",netmirror_leg="unreachable"}' 1
has 'netmirror_io_held{mirror="r0",netmirror_io_held="fencing"}' 1
has 'netmirror_sync_left_bytes{mirror="r0"}' 0
echo Fail >dm/r0/status
run metrics --node alpha
lints "of one that failed" out
has 'netmirror_state{mirror="r0",netmirror_state="failed"}' 1
has 'netmirror_reads_total{mirror="r0"}' 10

# Two mirrors; one whose status makes no sense
cp -r dm/r0 dm/other
echo "2 AA 256/256 idle 0 secondary connected $gen 0 0 rw -" >dm/other/status
exits 0 "two mirrors" metrics --node alpha
lints "families are not mixed" out
is "both" "$(grep -c '^netmirror_up{' out)" 2
exits 0 "one of them" metrics other --node alpha
is "no other" "$(grep -c '^netmirror_up{' out)" 1
exits 0 "one of them twice" metrics other other --node alpha
lints "is there once" out
echo nonsense >dm/r0/status
refuses 1 "one that cannot be read" 'cannot understand the status of r0' metrics --node alpha
lints "does not hide the other" out
has 'netmirror_up{mirror="other"}' 1
rm -r dm/other
exits 4 "one that is not there" metrics r9

# --- into a file
exits 1 "and its file is written all the same" metrics --node alpha --output r0.prom
lints "it is whole" r0.prom
echo "2 AA 256/256 idle 0 secondary connected $gen 0 0 rw -" >dm/r0/status
exits 0 "again" metrics --node alpha --output r0.prom
is "it is new" "$(grep -c '^netmirror_healthy{mirror="r0"} 1' r0.prom)" 1
is "others may read it" "$(stat -c %a r0.prom)" 644
is "nothing is printed" "$(cat out)" ""
is "nothing is left" "$(echo r0.prom*)" r0.prom
refuses 1 "a directory that is not there" 'cannot write nowhere/x' metrics --node alpha --output nowhere/x

# --- the linter finds what is wrong
wrong() {
	printf '%s\n' "${@:2}" >bad
	! perl "$HERE/openmetrics.pl" bad >/dev/null
	result $? "the linter sees $1"
}
wrong "no end" "# TYPE a gauge" "# HELP a b" 'a{x="y"} 1'
wrong "a type of OpenMetrics alone" "# TYPE a info" "# HELP a b" 'a_info{x="y"} 1' "# EOF"
wrong "a counter without _total" "# TYPE a counter" "# HELP a b" 'a{x="y"} 1' "# EOF"
wrong "a unit that is not said" "# TYPE a_bytes gauge" "# HELP a_bytes b" 'a_bytes{x="y"} 1' "# EOF"
wrong "mixed families" "# TYPE a gauge" "# HELP a b" 'a{x="y"} 1' "# TYPE c gauge" "# HELP c b" 'c{x="y"} 1' 'a{x="z"} 1' "# EOF"
wrong "a sample twice" "# TYPE a gauge" "# HELP a b" 'a{x="y"} 1' 'a{x="y"} 1' "# EOF"
wrong "a quote" "# TYPE a gauge" "# HELP a b" 'a{x="y"z"} 1' "# EOF"

# --- what uses them
exist() {
	local name missing=

	grep -v '^ *#' "$1" | grep -oE 'netmirror_[a-z_]+' | sort -u >used
	while read -r name; do
		grep -qE "^$name\{|[{,]$name=" full || missing="$missing $name"
	done <used
	is "the metrics of ${1##*/} exist" "$missing" ""
	[ "$(wc -l <used)" -gt 5 ]
	result $? "there are some"
}
sed -i '/^# \(TYPE\|HELP\|UNIT\)/d' full
exist "$TOP/contrib/grafana/dm-netmirror.json"
exist "$TOP/contrib/prometheus/netmirror.rules.yml"
jq -e '(.panels | length) > 10 and ([.panels[].id] | length == (unique | length)) and
	all(.panels[]; (.targets | length) > 0 and .title != "" and .gridPos.w + .gridPos.x <= 24)' \
	"$TOP/contrib/grafana/dm-netmirror.json" >/dev/null
result $? "the dashboard is one"
done_testing
