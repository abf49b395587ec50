# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# lib.sh - for scenarios to source: both nodes of a mirror in one kernel, linked by
# loop, each on its disk:
#
#   r0-a (leg-a on ubda) <-- loop --> r0-b (leg-b on ubdb)
#
# A scenario runs without faults, where everything must work, and with one kind of
# fault ($FAULTS): slab or page (allocations of the module's threads and of the load
# fail), disk-a or disk-b (requests to that disk fail). Then commands may fail, but
# must return; when the faults are over, everything must work again. With slow nothing
# fails, but b's leg takes 30 ms for each request.
#
#   start [OPTION...]      makes the legs (netmirrorctl create), starts both nodes, a is
#                          primary, and the faults begin
#   finish                 the faults end; the mirror recovers, the legs are the same,
#                          all goes down; last line of a scenario
#   ok NAME COMMAND...     a test: the command succeeds
#   try NAME COMMAND...    the same, but with faults it may fail
#   nok COMMAND...         it fails
#   up NODE, down NODE     msg NODE WORD...      dm NODE COMMAND [ARG...]
#   st NODE KEY            a value of the status: health action role link, or the name
#                          of a counter
#   until_st NODE KEY VALUE
#   churn NODE             starts the load; churn_done ends it and is a test
#   bad_leg NODE, readonly_leg NODE, good_leg NODE   all requests to its leg fail, all
#                          writes, none

LEG_SECTORS=34816	# 17 MiB: metadata and 16 MiB of data
DATA=2048		# sector where the data begin
declare -A disk=([a]=ubda [b]=ubdb) churns=()
healer=

say()
{
	echo "debug: $*" >/dev/kmsg
}

# --- tests -------------------------------------------------------------------

# Fewer processes than tests/lab/tap.sh: they take their time here.
count=0

ok()
{
	local result=ok

	say "$1"
	"${@:2}" >/run/out 2>&1 || result="not ok"
	count=$((count + 1))
	echo "$result $count - $1"
	[ "$result" = ok ] || sed 's/^/#   /' /run/out
	[ "$result" = ok ]
}

nok()
{
	! "$@"
}

try()
{
	if ((faulty)); then
		say "$1"
		"${@:2}" >/dev/null 2>&1
	else
		ok "$@"
	fi
	return 0
}

# --- the nodes ---------------------------------------------------------------

dm()
{
	local node=$1 command=$2

	shift 2
	say "dmsetup $command r0-$node $*"
	dmsetup --noudevsync "$command" "r0-$node" "$@" </dev/null
}

msg()
{
	local node=$1

	shift
	dm "$node" message 0 "$@"
}

node_config()
{
	cat <<-END
	[node $1]
	id = $2
	address = 127.0.0.1:7790
	leg = /dev/mapper/leg-$1
	device = r0-$1
	END
}

config()
{
	cat <<-END
	[mirror]
	uuid = 0b5fd2e4-7a4c-4a5e-9d0c-3c1f0e6b7a21
	link = loop
	region-size = 16K
	zone-size = 1M
	$(node_config a 0)
	$(node_config b 1)
	[options]
	timeout = 2s
	active-zones = 4
	END
}

ctl()
{
	"$DIR/../tool/netmirrorctl" --config /run/r0.conf "$@"
}

leg()
{
	if [ "${FAULTS-}" = slow ] && [ "$1" = b ]; then
		echo "0 $LEG_SECTORS delay /dev/${disk[$1]} 0 30"
	else
		echo "0 $LEG_SECTORS linear /dev/${disk[$1]} 0"
	fi
}

make_legs()
{
	local n

	config >/run/r0.conf
	for n in a b; do
		dmsetup --noudevsync create "leg-$n" --table "$(leg $n)" &&
			ctl create r0 --node "$n" --yes "$@" || return
	done
}

table()
{
	ctl up r0 --node "$1" --dry-run | sed -n "s/.*--table '\\(.*\\)'\$/\\1/p"
}

up()
{
	dm "$1" create --table "$(table "$1")"
}

down()
{
	dm "$1" remove
}

# The words of a status line are those of Documentation/dm-netmirror.rst.
st()
{
	local words i

	read -ra words < <(dmsetup status "r0-$1" 2>/dev/null)
	case $2 in
	health) echo "${words[4]-}" ;;
	role) echo "${words[8]-}" ;;
	link) echo "${words[9]-}" ;;
	*)
		for ((i = 12 + ${words[11]:-0}; i < ${#words[@]}; i++)); do
			[ "${words[i]}" != "$2" ] || echo "${words[i + 1]}"
		done ;;
	esac
}

# until_true COMMAND...: within 15 s, with faults 1 s
until_true()
{
	local i tries=$((faulty ? 5 : 150))

	for ((i = 0; i < tries; i++)); do
		! "$@" || return 0
		sleep 0.1
	done
	return 1
}

st_is()
{
	[ "$(st "$1" "$2")" = "$3" ]
}

until_st()
{
	until_true st_is "$@"
}

in_sync()
{
	st_is a health AA && st_is b health AA
}

# --- faults ------------------------------------------------------------------------

faulty=0
errors=

# attribute NAME KEY VALUE...: of a kind of fault
attributes()
{
	local dir=/sys/kernel/debug/$1

	shift
	while [ $# -gt 0 ]; do
		echo "$2" >"$dir/$1"
		shift 2
	done
}

# Allocations that may wait fail as well as those that must not.
all_may_fail()
{
	attributes failslab ignore-gfp-wait N
	attributes fail_page_alloc ignore-gfp-wait N ignore-gfp-highmem N min-order 0
}

# Allocations fail for the kernel's own threads, which have no program, and for the
# load: not for the shell.
kernel_threads()
{
	local task

	for task in /proc/[0-9]*; do
		[ -e "$task/exe" ] || echo "$task"
	done
}

may_fail()
{
	local task

	for task in "$@"; do
		echo 1 >"$task/make-it-fail"
	done 2>/dev/null
}

faults_on()
{
	all_may_fail
	case ${FAULTS-} in
	'' | slow) return ;;
	slab)
		attributes failslab task-filter Y verbose 1 times -1 interval 10 probability 20 ;;
	page)
		attributes fail_page_alloc task-filter Y verbose 1 times -1 probability 30 ;;
	disk-?)
		echo 1 >"/sys/block/${disk[${FAULTS#disk-}]}/make-it-fail"
		attributes fail_make_request verbose 1 times -1 interval 50 probability 50 ;;
	esac
	# shellcheck disable=SC2046 # a list
	may_fail $(kernel_threads)
	faulty=1
	errors=-e
	heal &
	healer=$!
}

# An administrator who does not give up.
heal()
{
	local n

	while sleep 0.5; do
		for n in a b; do
			timeout 20 dmsetup message "r0-$n" 0 attach
			timeout 20 dmsetup message "r0-$n" 0 connect
		done
	done >/dev/null 2>&1
}

faults_off()
{
	local dir

	((faulty)) || return 0
	for dir in /sys/kernel/debug/fail*/; do
		echo 0 >"$dir/probability"
	done
	kill "$healer"
	wait "$healer" 2>/dev/null
	faulty=0
	errors=
	say "no more faults"
}

# change_leg NODE TABLE
change_leg()
{
	dmsetup --noudevsync suspend --noflush --nolockfs "leg-$1" &&
		dmsetup load "leg-$1" --table "$2" &&
		dmsetup --noudevsync resume "leg-$1"
}

bad_leg()
{
	change_leg "$1" "0 $LEG_SECTORS error"
}

readonly_leg()
{
	change_leg "$1" "0 $LEG_SECTORS flakey /dev/${disk[$1]} 0 0 1000 1 error_writes"
}

good_leg()
{
	change_leg "$1" "$(leg "$1")"
}

# --- load -------------------------------------------------------------------------

churn()
{
	# shellcheck disable=SC2086 # none or one
	nice "$DIR/churn" $errors "/dev/mapper/r0-$1" >"/run/churn.$1" 2>&1 &
	churns[$1]=$!
	sleep 0.3
	may_fail "/proc/${churns[$1]}"/task/*
}

# What was read is what had been written (else exit status 2), and nothing failed,
# unless faults excuse it.
churn_done()
{
	local status

	kill "${churns[$1]}" 2>/dev/null
	wait "${churns[$1]}"
	status=$?
	unset "churns[$1]"
	say "$(tail -n 1 "/run/churn.$1")"
	if ((faulty)) && [ $status != 2 ]; then status=0; fi
	ok "the load on $1 read what it had written" [ $status = 0 ] ||
		cat "/run/churn.$1"
}

writes_flow()
{
	local before

	before=$(st a app_writes)
	until_true eval "[ \"\$(st a app_writes)\" -gt $((before + 20)) ]"
}

# --- from start to finish ---------------------------------------------------------------

start()
{
	[ $# -gt 0 ] || set -- --assume-clean
	ok "the legs are made" make_legs "$@" &&
		ok "a is up" up a &&
		ok "b is up" up b &&
		ok "connected" until_st a link connected &&
		ok "a is primary" msg a promote || exit
	faults_on
}

same_legs()
{
	cmp -i $((DATA * 512)) /dev/ubda /dev/ubdb
}

# exists NODE
exists()
{
	dmsetup info "r0-$1" >/dev/null 2>&1
}

# Everything may be in any state, but it goes down, and what comes up is a mirror.
recover()
{
	local n

	for n in a b; do
		! exists $n || ok "$n goes down" down $n
	done
	for n in a b; do
		ok "$n is up" up $n
	done
	for n in a b; do
		st_is $n link connected || msg $n attach
	done
}

finish()
{
	local n

	for n in "${!churns[@]}"; do
		churn_done "$n"
	done
	if ((faulty)); then
		faults_off
		recover
	fi
	for n in a b; do
		exists $n || ok "$n is up" up $n
	done
	ok "connected" until_st a link connected
	ok "in sync" until_true in_sync
	ok "a goes down" down a
	ok "b goes down" down b
	ok "the legs are the same" same_legs
	for n in a b; do
		ok "leg $n is free" dmsetup --noudevsync remove leg-$n
	done
	echo "1..$count"
}
