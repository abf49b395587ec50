# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# lab.sh - guests with RDMA between them, for scenarios to source.
#
#   host ------------------------------------------------------------------------
#    | network namespace nmlab-<pid>                                             |
#    |                                                                           |
#    |                 bridge br0, MTU 9000 (no address)                         |
#    |                tap1                            tap2                       |
#    |                 |    <- cut, oneway, heal ->    |                         |
#    |  +--------------|-------------+  +--------------|-------------+           |
#    |  | node1      data0           |  | node2      data0           |  ...      |
#    |  |   10.77.0.1/24 fd77::1/64  |  |   10.77.0.2/24 fd77::2/64  |           |
#    |  |   rxe0 on data0            |  |   rxe0 on data0            |           |
#    |  |                            |  |                            |           |
#    |  |   /dev/disk/by-id/virtio-leg  |   /dev/disk/by-id/virtio-leg           |
#    |  |   /nm    build output (ro) |  |   /nm                      |           |
#    |  |   /host  exchange (rw)     |  |   /host                    |           |
#    |  |            mgmt0           |  |            mgmt0           |           |
#    |  +--------------|-------------+  +--------------|-------------+           |
#    |        user-mode network, only ssh      user-mode network, only ssh       |
#    |        127.0.0.1:2201                   127.0.0.1:2202                    |
#    -----------------------------------------------------------------------------
#
# Cutting or flooding the data link never touches the way commands take. Several
# labs run side by side. Run as root.
#
# A scenario:
#
#     . tests/lab/tap.sh
#     . tests/lab/lab.sh
#     lab_init 6.1 && lab_boot 1 2 || bail_out "no guests"
#     ok "node 2 answers" lab_run 1 'ping -c 1 node2'
#     ok "nothing bad on the consoles" lab_done
#     done_testing
#
# Functions. N is a node, 1 to 9. All return 0 on success; what they say about
# themselves goes to standard error.
#
#   lab_init [KERNEL]         makes the lab for KERNEL (6.1, 6.12, debug); default
#                             $LAB_KERNEL, else 6.1. Cleans up when the shell exits.
#   lab_boot N...             boots the nodes at the same time, waits until they answer
#   lab_run N COMMAND         runs COMMAND (for bash) as root in node N. Standard input,
#                             output and error pass through, the exit status is the
#                             command's; 124 after $LAB_TIMEOUT seconds, 255 if the
#                             node is not to be reached. In a "while read" loop say
#                             </dev/null, lest it reads what the loop should.
#   lab_bg N NAME COMMAND     the same in the background, output in the file that
#                             lab_out NAME prints, for at most $LAB_BG_TIMEOUT seconds
#   lab_wait NAME [SECONDS]   waits for its end, returns its exit status; 124 if it
#                             still runs after SECONDS ($LAB_TIMEOUT)
#   lab_stop NAME [SIGNAL]    signals it (TERM) in the guest
#   lab_out NAME              prints the path of its output
#   lab_until SECONDS COMMAND...   repeats COMMAND (a function or program of the host)
#                             until it succeeds; 1 if it did not in SECONDS
#   lab_put N SRC DST         copies a file or directory into node N
#   lab_get N SRC DST         copies one out of it
#   lab_host                  prints the exchange directory, /host in every guest
#
#   lab_link_cut [N]          takes node N (1) off the bridge: frames vanish, the carrier stays
#   lab_link_cut_oneway N in|out   drops what goes into or comes out of node N only
#   lab_link_heal [N]         undoes both of them
#   lab_link_carrier N on|off sets what the guest sees as its cable
#   lab_freeze N, lab_thaw N  stops the machine's clock and processors, lets it go on
#   lab_qmp N JSON            sends one QMP command, prints the reply
#
#   lab_power_cut N           kills the machine. What it wrote to its disks, flushed
#                             or not, is kept: the files are the host's.
#   lab_power_off N           powers off in order
#   lab_power_on N            boots it again with the same disks
#   lab_alive N               is the machine running (or frozen)?
#   lab_leg N                 prints the file of node N's leg
#   lab_cmp_legs A B [OFFSET [LENGTH]]   compares bytes of two nodes' legs (or of two
#                             files), prints the first difference. The guests must have
#                             flushed, or be off.
#   lab_check_consoles        fails and prints the place if a kernel complained, died
#                             or hung since the last lab_console_accept
#   lab_console_accept        what is on the consoles up to now was expected
#   lab_done                  lab_check_consoles, powers all off, checks again, cleans up;
#                             kernel debug is asked first what was lost
#
# Variables, read when used:
#
#   LAB_KERNEL        6.1
#   LAB_DIR           where the lab lives; default a new ${TMPDIR:-/tmp}/nmlab-*.
#                     Kept when the scenario fails (without disks) or with LAB_KEEP=1.
#   LAB_NM            directory that guests see as /nm; default build/ of the tree
#   LAB_ROOT          squashfs with another root for the guests; default the image's
#   LAB_MEM 1024      megabytes of a guest      LAB_SMP 1     processors
#   LAB_RDMA rxe      rxe or none               LAB_APPEND    more kernel command line
#   LAB_INIT          systemd: first process, with $(lab_host)/root.N over the root
#   LAB_LEG_SIZE 1G   size of a new leg; one that exists is used as it is
#   LAB_DISKS         more disks, "name:size ...": they are
#                     /dev/disk/by-id/virtio-<name>, file disk.N.<name>
#   LAB_LEG_BACKEND   function that prints other -drive options for the leg in FILE
#   LAB_QEMU          more QEMU options (words)
#   LAB_TIMEOUT 60    LAB_BG_TIMEOUT 600        LAB_BOOT_TIMEOUT 90    seconds
#   LAB_CONSOLE_ALLOW regular expression (extended) of console lines that are no
#                     complaint in this scenario
#   LAB_TRACE_FD      where every command is echoed; tap.sh sets it

lab__top=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
lab__repo=$(readlink -f "$lab__top/../..")

# What a kernel says when something is wrong. A task that hangs is reported after 60 to
# 120 s, and only if it waits uninterruptibly: one in direct I/O is not (blk_io_schedule
# wakes up in between), nor one that a signal could end. Scenarios need time limits.
lab__complaint='BUG:|WARNING:|Oops|Kernel panic|general protection fault|Call Trace'
lab__complaint+='|INFO: task .* blocked|rcu: INFO|lockup|refcount_t|UBSAN|KASAN|KCSAN'
lab__complaint+='|kmemleak: [0-9]+ new|leak detector disabled|ODEBUG|DEBUG_LOCKS_WARN_ON|possible (recursive|circular) locking'
lab__complaint+='|Out of memory:|invoked oom-killer|unable to handle|segfault at'

# What stock kernels print of their own that looks like one.
lab__harmless='^$'

lab__say()
{
	echo "lab: $*" >&2
}

lab__trace()
{
	[ -z "${LAB_TRACE_FD-}" ] || printf '# %s\n' "${1//$'\n'/$'\n'# }" >&"$LAB_TRACE_FD"
}

# Only numbers are nodes: the rest of the arguments would be taken for files.
lab__node()
{
	case $1 in
	[1-9]) return 0 ;;
	esac
	lab__say "not a node: '$1'"
	return 2
}

lab__quote()
{
	printf "'%s'" "${1//\'/\'\\\'\'}"
}

# --- the lab ---------------------------------------------------------------

lab_init()
{
	lab__kernel=${1:-${LAB_KERNEL:-6.1}}
	[ "$(id -u)" = 0 ] || { lab__say "must be root"; return 1; }
	lab__image=$("$lab__top/image.sh" "$lab__kernel") || return 1
	exec {lab__image_fd}<"$lab__image/kver"
	flock -s "$lab__image_fd"
	LAB_KVER=$(<"$lab__image/kver")
	LAB_DIR=${LAB_DIR:-$(mktemp -d "${TMPDIR:-/tmp}/nmlab-XXXXXX")}
	lab__netns=nmlab-$$
	lab__failed=1
	export LAB_DIR LAB_KVER

	lab__sweep
	# The sockets of ssh are in it, and the names of sockets have a limit.
	if [ "${#LAB_DIR}" -gt 80 ]; then
		lab__say "the name of the directory is too long: $LAB_DIR"
		return 1
	fi
	# A used directory would bring its old disks and consoles along.
	if [ -e "$LAB_DIR/ssh_config" ]; then
		lab__say "$LAB_DIR is used already"
		return 1
	fi
	mkdir -p "$LAB_DIR/host" "$LAB_DIR/bg" "$LAB_DIR/empty" || return 1
	trap lab__cleanup EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM

	ip netns add "$lab__netns" &&
	ip -n "$lab__netns" link set lo up &&
	ip netns exec "$lab__netns" sysctl -qw net.ipv6.conf.default.disable_ipv6=1 &&
	# Without snooping, since a multicast filter that has just lost a port drops
	# neighbour discovery after a heal.
	ip -n "$lab__netns" link add br0 type bridge forward_delay 0 stp_state 0 mcast_snooping 0 &&
	ip -n "$lab__netns" link set br0 mtu 9000 up || return 1

	cat >"$LAB_DIR/ssh_config" <<-END
		Host *
		User root
		IdentityFile $lab__image/id_ed25519
		IdentitiesOnly yes
		StrictHostKeyChecking no
		UserKnownHostsFile /dev/null
		GlobalKnownHostsFile /dev/null
		GSSAPIAuthentication no
		ConnectTimeout 20
		LogLevel ERROR
		EscapeChar none
		ControlPath $LAB_DIR/%n.ssh
		ProxyCommand ip netns exec $lab__netns socat - TCP:127.0.0.1:\$((2200 + \$(echo %n | tr -dc 0-9)))
	END
}

# Labs that were killed with no chance to clean up: their namespace bears the number
# of a process that is no more, and what runs in it is theirs.
lab__sweep()
{
	local ns pid

	for ns in /run/netns/nmlab-*; do
		if [ ! -e "$ns" ] || [ -d "/proc/${ns##*-}" ]; then continue; fi
		for pid in $(ip netns pids "${ns##*/}"); do kill -KILL "$pid" 2>/dev/null; done
		ip netns del "${ns##*/}" 2>/dev/null
	done
}

lab__nodes()
{
	local f

	for f in "$LAB_DIR"/qemu.*.pid; do
		[ -e "$f" ] || continue
		f=${f%.pid}
		echo "${f##*.}"
	done
}

lab__cleanup()
{
	local status=$? n

	trap - EXIT
	for n in $(lab__nodes); do lab__kill "$n"; done
	ip netns del "$lab__netns" 2>/dev/null
	if [ "$status" = 0 ] && [ "$lab__failed" = 0 ] && [ -z "${LAB_KEEP-}" ]; then
		rm -rf "$LAB_DIR"
	else
		[ -n "${LAB_KEEP-}" ] || rm -rf "$LAB_DIR"/leg.* "$LAB_DIR"/disk.*
		lab__say "consoles and logs are in $LAB_DIR"
	fi
	exit "$status"
}

# To its console. Objects count as lost five seconds after they were made.
lab__look_for_leaks()
{
	LAB_TRACE_FD='' lab_run "$1" '
		sleep 5.5
		for i in 1 2; do echo scan >/sys/kernel/debug/kmemleak; done
		while read -r line; do echo "$line" >/dev/kmsg; done </sys/kernel/debug/kmemleak
		grep -q "^ debug_locks: *1$" /proc/lockdep_stats ||
			echo "BUG: lockdep does not watch any more" >/dev/kmsg'
}

lab_done()
{
	local n status=0

	for n in $(lab__nodes); do
		[ "$lab__kernel" = debug ] && lab_alive "$n" || continue
		lab__look_for_leaks "$n" || status=1
	done
	lab_check_consoles || status=1
	for n in $(lab__nodes); do
		lab_alive "$n" || continue
		lab_power_off "$n" || status=1
	done
	lab_check_consoles || status=1
	lab__failed=$status
	return "$status"
}

# --- machines --------------------------------------------------------------

lab_leg()
{
	lab__node "$1" && echo "$LAB_DIR/leg.$1"
}

lab_host()
{
	echo "$LAB_DIR/host"
}

# lab__born PID: when the process was started; fails for one that is no more, be it not
# yet reaped. Together with the number it tells a process from a later one.
lab__born()
{
	local stat
	local -a field

	stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
	read -r -a field <<<"${stat##*) }"
	[[ ${field[0]} != [ZX] ]] && echo "${field[19]}"
}

lab_alive()
{
	local pid born

	lab__node "$1" || return 2
	read -r pid born 2>/dev/null <"$LAB_DIR/qemu.$1.pid" || return 1
	[ "$(lab__born "$pid")" = "$born" ]
}

lab__qemu()
{
	local n=$1 disk size tsc
	local -a disks=() more=()

	# shellcheck disable=SC2206 # words are wanted
	more=(${LAB_QEMU-})
	for disk in "leg:${LAB_LEG_SIZE:-1G}" ${LAB_DISKS-}; do
		size=${disk#*:} disk=${disk%%:*}
		set -- "$LAB_DIR/disk.$n.$disk"
		[ "$disk" != leg ] || set -- "$LAB_DIR/leg.$n"
		[ -e "$1" ] || truncate -s "$size" "$1" || return 1
		# The guest sees a write-back cache and flushes it, which costs the host nothing.
		set -- "$1" "file=$1,format=raw,cache=unsafe,discard=unmap"
		if [ "$disk" = leg ] && [ -n "${LAB_LEG_BACKEND-}" ]; then
			set -- "$1" "$("$LAB_LEG_BACKEND" "$1")" || return 1
		fi
		disks+=(-drive "if=none,id=$disk,$2"
			-device "virtio-blk-pci,drive=$disk,serial=$disk")
	done

	if ! ip -n "$lab__netns" link show "tap$n" >/dev/null 2>&1; then
		ip -n "$lab__netns" tuntap add "tap$n" mode tap &&
		ip -n "$lab__netns" link set "tap$n" mtu 9000 master br0 up || return 1
	fi
	rm -f "$LAB_DIR/host/.ready.$n" "$LAB_DIR/qmp.$n" "$LAB_DIR/node$n.ssh"

	# A guest that measures its time stamp counter while the host is busy gets it wrong,
	# and its time jumps when it finds out. The counter is the host's, which knows the
	# rate if it is a virtual machine itself (elsewhere "cpu MHz" is the current clock).
	tsc=$(awk '/^flags.* hypervisor/ { known = 1 } /^cpu MHz/ { mhz = $NF }
		END { if (known && mhz) printf "tsc_early_khz=%d", mhz * 1000 }' /proc/cpuinfo)

	# no_timer_check: whether the timer interrupts is tested by real time, and when the
	# host is busy the kernel takes it for broken and panics.
	#
	# maxcpus: with one processor and no other to come, the emulator turns the guest's
	# locked instructions and barriers into plain ones. Its disk and network threads then
	# miss a notification now and then, and the device hangs for good.
	#
	# -cx16: the emulator of Debian 12 now and then leaves a cmpxchg16b with the low half
	# of a pointer in the flags register. With the direction flag so set, the slab
	# allocator's next memset or memcpy runs backwards.
	# -pclmulqdq: emulated, it slows rxe down. -aes: a driver takes it for both.
	#
	# In the background of this shell, which must not wait for it when it exits and
	# must not report its death: hence disown.
	ip netns exec "$lab__netns" qemu-system-x86_64 \
		-name "node$n" -accel tcg,thread=multi -cpu max,-pclmulqdq,-aes,-cx16 \
		-smp "${LAB_SMP:-1},maxcpus=$((${LAB_SMP:-1} + 1))" -m "${LAB_MEM:-1024}" \
		-nodefaults -no-user-config -nographic -no-reboot \
		-kernel "$lab__image/kernel" -initrd "$lab__image/initrd" \
		-append "console=ttyS0 loglevel=5 printk.devkmsg=on oops=panic panic=-1 \
sysrq_always_enabled nokaslr mitigations=off edd=off no_timer_check $tsc net.ifnames=0 sysctl.kernel.hung_task_timeout_secs=60 \
lab.node=$n lab.rdma=${LAB_RDMA:-rxe} ${LAB_INIT:+lab.init=$LAB_INIT} ${LAB_APPEND-}" \
		-chardev "file,id=console,path=$LAB_DIR/console.$n,append=on" -serial chardev:console \
		-qmp "unix:$LAB_DIR/qmp.$n,server=on,wait=off" \
		-drive "if=none,id=root,file=${LAB_ROOT:-$lab__image/root.sqsh},format=raw,readonly=on" \
		-device virtio-blk-pci,drive=root,serial=root \
		-drive "if=none,id=modules,file=$lab__image/modules.sqsh,format=raw,readonly=on" \
		-device virtio-blk-pci,drive=modules,serial=modules \
		"${disks[@]}" \
		-netdev "tap,id=data,ifname=tap$n,script=no,downscript=no" \
		-device "virtio-net-pci,id=data0,netdev=data,mac=52:54:00:4d:00:0$n,romfile=" \
		-netdev "user,id=mgmt,restrict=on,ipv6=off,hostfwd=tcp:127.0.0.1:$((2200 + n))-:22" \
		-device "virtio-net-pci,netdev=mgmt,mac=52:54:00:4d:01:0$n,romfile=" \
		-virtfs "local,path=$LAB_DIR/host,mount_tag=host,security_model=none,multidevs=remap" \
		-virtfs "local,path=$lab__nm,mount_tag=nm,security_model=none,multidevs=remap,readonly=on" \
		${more[@]+"${more[@]}"} \
		</dev/null >>"$LAB_DIR/qemu.$n.log" 2>&1 &
	disown $!
	echo "$! $(lab__born $!)" >"$LAB_DIR/qemu.$n.pid"
}

lab_boot()
{
	local n pid deadline status=0
	local -a pids=()

	lab__nm=${LAB_NM:-$lab__repo/build}
	[ -d "$lab__nm" ] || lab__nm=$LAB_DIR/empty
	for n in "$@"; do
		lab__node "$n" || return 2
		if lab_alive "$n"; then
			lab__say "node$n is running already"
			return 1
		fi
		lab__trace "power on node$n"
		lab__qemu "$n" || return 1
	done
	deadline=$((SECONDS + ${LAB_BOOT_TIMEOUT:-90}))
	for n in "$@"; do
		until [ -e "$LAB_DIR/host/.ready.$n" ]; do
			if ! lab_alive "$n" || [ "$SECONDS" -gt "$deadline" ]; then
				lab__say "node$n did not come up; the end of its console:"
				tail -n 20 "$LAB_DIR/qemu.$n.log" "$LAB_DIR/console.$n" >&2
				return 1
			fi
			sleep 0.1
		done
	done
	for n in "$@"; do
		lab__connect "$n" &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do wait "$pid" || status=1; done
	return "$status"
}

# One connection per guest carries every command, so that a command does not pay
# for a key exchange under emulation. It is opened here and never by lab_run: a
# command that stayed as master would hold its caller's output open.
lab__connect()
{
	ssh -F "$LAB_DIR/ssh_config" -M -N -f "node$1" </dev/null >>"$LAB_DIR/qemu.$1.log" 2>&1 && return
	lab__say "node$1 does not answer ssh"
	return 1
}

# Ends the machine at once, and what is connected to it.
lab__kill()
{
	local pid i

	if lab_alive "$1"; then
		read -r pid _ <"$LAB_DIR/qemu.$1.pid"
		kill -KILL "$pid"
	fi
	ssh -F "$LAB_DIR/ssh_config" -O exit "node$1" >/dev/null 2>&1
	for ((i = 0; i < 200; i++)); do
		lab_alive "$1" || break
		sleep 0.02
	done
	rm -f "$LAB_DIR/node$1.ssh" "$LAB_DIR/qmp.$1"
	! lab_alive "$1"
}

lab_power_cut()
{
	lab__node "$1" || return 2
	lab__trace "power cut of node$1"
	lab__kill "$1"
}

lab_power_on()
{
	lab_boot "$1"
}

lab_power_off()
{
	local deadline=$((SECONDS + ${LAB_TIMEOUT:-60}))

	lab__node "$1" || return 2
	lab__trace "power off node$1"
	# The answer is lost when the machine stops before it is sent.
	LAB_TRACE_FD='' lab_run "$1" 'poweroff </dev/null >/dev/null 2>&1 &' 2>/dev/null
	while lab_alive "$1"; do
		if [ "$SECONDS" -gt "$deadline" ]; then
			lab__say "node$1 does not power off"
			lab__kill "$1"
			return 1
		fi
		sleep 0.05
	done
	lab__kill "$1"
}

# --- commands in guests ----------------------------------------------------

# The time limit counts in the guest, so that the command ends there too, and a
# little later here, for a guest that is frozen, dead or stuck.
lab__ssh()
{
	local n=$1 limit=$2 prefix=$3 command=$4 status=0

	timeout -k 1 $((limit + 3)) ssh -F "$LAB_DIR/ssh_config" "node$n" \
		"${prefix}exec timeout -k 2 $limit bash -c $(lab__quote "$command")" || status=$?
	# 137: ended by the -k of either
	[ "$status" != 137 ] || status=124
	return "$status"
}

lab_run()
{
	lab__node "$1" || return 2
	lab__trace "node$1\$ $2"
	lab__ssh "$1" "${LAB_TIMEOUT:-60}" '' "$2"
}

lab_bg()
{
	local n=$1 name=$2 file=$LAB_DIR/bg/$2

	lab__node "$n" || return 2
	lab__trace "node$n\$ $3 &    # $name"
	rm -f "$file.status"
	echo "$n" >"$file.node"
	{
		lab__ssh "$n" "${LAB_BG_TIMEOUT:-600}" "echo \$\$ >/run/lab/bg.$name; " "$3"
		echo $? >"$file.tmp"
		mv "$file.tmp" "$file.status"
	} </dev/null >"$file.out" 2>&1 &
	disown $!
}

lab_wait()
{
	local file=$LAB_DIR/bg/$1 deadline=$((SECONDS + ${2:-${LAB_TIMEOUT:-60}}))

	if [ ! -e "$file.node" ]; then
		lab__say "nothing in the background is called $1"
		return 2
	fi
	until [ -e "$file.status" ]; do
		[ "$SECONDS" -le "$deadline" ] || return 124
		sleep 0.05
	done
	return "$(cat "$file.status")"
}

lab_stop()
{
	local n

	n=$(cat "$LAB_DIR/bg/$1.node") || return 2
	# Its pid is that of timeout, which passes signals on to the command's group.
	lab__ssh "$n" 10 '' "kill -${2:-TERM} \$(cat /run/lab/bg.$1)"
}

lab_out()
{
	echo "$LAB_DIR/bg/$1.out"
}

lab_until()
{
	local deadline=$((SECONDS + $1))

	shift
	until "$@"; do
		[ "$SECONDS" -lt "$deadline" ] || return 1
		sleep 0.1
	done
}

lab_put()
{
	lab__node "$1" && scp -q -r -F "$LAB_DIR/ssh_config" "$2" "node$1:$3"
}

lab_get()
{
	lab__node "$1" && scp -q -r -F "$LAB_DIR/ssh_config" "node$1:$2" "$3"
}

# --- faults ----------------------------------------------------------------

lab_link_cut()
{
	local n=${1:-1}

	lab__node "$n" || return 2
	lab__trace "link of node$n cut"
	ip -n "$lab__netns" link set "tap$n" nomaster
}

lab_link_cut_oneway()
{
	local dir

	lab__node "$1" || return 2
	case ${2-} in
	in) dir=oifname ;;
	out) dir=iifname ;;
	*) lab__say "lab_link_cut_oneway: in or out, not '${2-}'"; return 2 ;;
	esac
	lab__trace "link of node$1 cut $2wards"
	lab__nft <<-END
		add table bridge lab
		add chain bridge lab node$1 { type filter hook forward priority 0; }
		add rule bridge lab node$1 $dir tap$1 drop
	END
}

lab_link_heal()
{
	local n=${1:-1}

	lab__node "$n" || return 2
	lab__trace "link of node$n healed"
	# "add" first: to delete a chain that is not there is an error
	lab__nft <<-END || return 1
		add table bridge lab
		add chain bridge lab node$n { type filter hook forward priority 0; }
		delete chain bridge lab node$n
	END
	ip -n "$lab__netns" link set "tap$n" master br0
}

lab__nft()
{
	ip netns exec "$lab__netns" nft -f -
}

lab_link_carrier()
{
	local up=true

	[ "${2-}" = on ] || up=false
	lab__trace "cable of node$1 ${2-}"
	lab_qmp "$1" "{\"execute\":\"set_link\",\"arguments\":{\"name\":\"data0\",\"up\":$up}}" >/dev/null
}

lab_freeze()
{
	lab__trace "node$1 frozen"
	lab_qmp "$1" '{"execute":"stop"}' >/dev/null
}

lab_thaw()
{
	lab__trace "node$1 thawed"
	lab_qmp "$1" '{"execute":"cont"}' >/dev/null
}

# QEMU drops a command whose sender has gone, so the connection is held until the
# reply is read: the greeting, then one reply per command, with events in between.
lab_qmp()
(
	lab__node "$1" || exit 2
	coproc lab__socat { socat - "UNIX-CONNECT:$LAB_DIR/qmp.$1" 2>/dev/null; }
	# shellcheck disable=SC2154 # coproc sets it
	exec {from}<&"${lab__socat[0]}" {to}>&"${lab__socat[1]}"
	printf '%s\n' '{"execute":"qmp_capabilities"}' "$2" >&"$to"
	replies=0
	while read -r -t 10 line <&"$from"; do
		case $line in
		*'"error":'*) echo "$line"; lab__say "QMP: $line"; exit 1 ;;
		*'"return":'*) replies=$((replies + 1)) ;;
		esac
		if [ "$replies" = 2 ]; then
			echo "$line"
			exit 0
		fi
	done
	lab__say "no answer from QEMU of node$1"
	exit 1
)

# --- verdicts --------------------------------------------------------------

lab_console_accept()
{
	local f

	for f in "$LAB_DIR"/console.?; do
		[ -e "$f" ] && stat -c %s "$f" >"$f.accepted"
	done
	return 0
}

lab_check_consoles()
{
	local f from hits status=0

	for f in "$LAB_DIR"/console.?; do
		[ -e "$f" ] || continue
		from=$(cat "$f.accepted" 2>/dev/null || echo 0)
		hits=$(tail -c +$((from + 1)) "$f" | tr -d '\r' |
			grep -naE "$lab__complaint" | grep -vE "$lab__harmless" |
			grep -vE "${LAB_CONSOLE_ALLOW:-^\$}")
		[ -n "$hits" ] || continue
		status=1
		lab__say "console of node${f##*.}:"
		tail -c +$((from + 1)) "$f" | tr -d '\r' |
			tail -n +"$(head -n 1 <<<"$hits" | cut -d: -f1)" | head -n 40 >&2
	done
	return "$status"
}

lab_cmp_legs()
{
	local a=$1 b=$2 offset=${3:-0} length=${4-} at
	local -a limit=()

	case $a in [1-9]) a=$LAB_DIR/leg.$a ;; esac
	case $b in [1-9]) b=$LAB_DIR/leg.$b ;; esac
	[ -z "$length" ] || limit=(-n "$length")
	at=$(cmp ${limit[@]+"${limit[@]}"} -i "$offset" "$a" "$b" 2>&1) && return 0
	if [[ $at =~ byte\ ([0-9]+) ]]; then
		at=$((offset + BASH_REMATCH[1] - 1))
		echo "first difference at byte $at:"
		echo "  $a: $(od -An -tx1 -j "$at" -N 16 "$a")"
		echo "  $b: $(od -An -tx1 -j "$at" -N 16 "$b")"
	else
		echo "$at"
	fi
	return 1
}
