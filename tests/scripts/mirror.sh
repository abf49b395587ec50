# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# mirror.sh - a mirror in the lab, for scenarios to source. $LINK says how its
# nodes a and b are linked:
#
#   rdma   a in guest 1, b in guest 2, each with its disk "leg", over rxe
#   loop   a and b in guest 1, with the disks "leg" and "other"
#
#   mirror_boot                boots the guests, loads the module, writes the config
#   mirror_create [OPTION...]  makes both legs, --assume-clean by default
#   mirror_up [NODE...]        starts the nodes (both), waits until they are connected
#   on NODE COMMAND            runs COMMAND in the guest of the node; $DEV in it is the
#                              node's mirror device
#   ctl NODE COMMAND [ARG...]  netmirrorctl COMMAND r0 ARG... on the node
#   st NODE KEY              a value of the status: health in_sync total action role
#                              link generation, or the name of a counter
#   until_st SECONDS NODE KEY VALUE
#   link_cut, link_heal                  the link between the nodes
#   load NODE NAME FIO...      runs fio in the background; lab_wait NAME
#   same_legs                  compares the data areas of both legs, byte by byte
#   table_of NODE              the node's table line, "0 LENGTH netmirror ..."
#   edit_md NODE BLOCK...      changes a metadata block of a leg, see edit-md.pl
#   refuses NODE WORDS COMMAND the command fails, it or the kernel says WORDS, and no
#                              metadata change
#   mirror_done                consoles clean, guests off

top=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../..
# shellcheck source=../lab/tap.sh
. "$top/tests/lab/tap.sh"
# shellcheck source=../lab/lab.sh
. "$top/tests/lab/lab.sh"

LINK=${LINK-rdma}
: "${LAB_KERNEL:=6.1}"
: "${LAB_LEG_SIZE:=256M}"

guest()
{
	if [ "$LINK" = loop ] || [ "$1" = a ]; then echo 1; else echo 2; fi
}

on()
{
	lab_run "$(guest "$1")" "DEV=/dev/mapper/r0-$1; $2"
}

ctl()
{
	local node=$1 command=$2

	shift 2
	on "$node" "netmirrorctl $command r0 --node $node --yes $*"
}

# Key and values of the status line, which integration.md fixes, one a line.
st_all()
{
	on "$1" 'dmsetup status "${DEV##*/}"' | awk '{
		split($6, sync, "/")
		print "health", $5; print "in_sync", sync[1]
		print "total", sync[2]; print "action", $7
		print "mismatches", $8; print "role", $9; print "link", $10
		print "generation", $11
		i = 13 + $12
		for (n = $i; n > 0; n -= 2) { print $(i + 1), $(i + 2); i += 2 }
	}'
}

st()
{
	st_all "$1" 2>/dev/null | awk -v key="$2" '$1 == key { print $2 }'
}

st_is()
{
	[ "$(st "$1" "$2")" = "$3" ]
}

until_st()
{
	local seconds=$1

	shift
	lab_until "$seconds" st_is "$@"
}

mirror_config()
{
	local leg_b=leg link=rdma

	if [ "$LINK" = loop ]; then
		leg_b=other
		link=loop
	fi
	cat <<-END
	[mirror]
	uuid = 0b5fd2e4-7a4c-4a5e-9d0c-3c1f0e6b7a21
	link = $link
	[node a]
	id = 0
	address = 10.77.0.1:7790
	leg = ${MIRROR_LEG_A-/dev/disk/by-id/virtio-leg}
	${MIRROR_NODE_A-}
	device = r0-a
	[node b]
	id = 1
	address = 10.77.0.2:7790
	leg = ${MIRROR_LEG_B-/dev/disk/by-id/virtio-$leg_b}
	device = r0-b
	[options]
	${MIRROR_OPTIONS-timeout = 2s}
	END
}

mirror_load()
{
	lab_run "$1" '
		ln -sf /nm/tool/netmirrorctl /usr/sbin/netmirrorctl
		mkdir -p /etc/netmirror && cp /host/r0.conf /etc/netmirror/
		ko=/nm/modules/'"$LAB_KERNEL"'/dm-netmirror.ko
		modprobe -a $(modinfo -F depends $ko | tr , " ") dm_mod &&
		insmod $ko'
}

mirror_boot()
{
	local nodes="1 2" n

	[ "$LINK" = rdma ] || nodes=1
	[ "$LINK" = rdma ] || LAB_DISKS="other:$LAB_LEG_SIZE ${LAB_DISKS-}"
	# shellcheck disable=SC2119 # the kernel comes from the environment
	lab_init || bail_out "no lab"
	mirror_config >"$(lab_host)/r0.conf"
	# shellcheck disable=SC2086 # a list
	lab_boot $nodes || bail_out "the guests do not boot"
	for n in $nodes; do
		mirror_load "$n" || bail_out "the module cannot be loaded"
	done
}

mirror_create()
{
	[ $# -gt 0 ] || set -- --assume-clean
	ctl a create "$@" && ctl b create "$@"
}

mirror_up()
{
	local node

	[ $# -gt 0 ] || set -- a b
	for node in "$@"; do
		ctl "$node" up || return
	done
	until_st 15 a link connected && until_st 5 b link connected
}

link_cut()
{
	if [ "$LINK" = loop ]; then ctl a disconnect; else lab_link_cut 1; fi
}

link_heal()
{
	if [ "$LINK" = loop ]; then ctl a connect; else lab_link_heal 1; fi
}

# Waits up to SECONDS (20) until both legs are in sync and compares them.
in_sync()
{
	st_is a health AA && st_is b health AA
}

load()
{
	local node=$1 name=$2

	shift 2
	lab_bg "$(guest "$node")" "$name" "fio --name=$name --filename=/dev/mapper/r0-$node \
		--direct=1 --ioengine=libaio $*"
	# A cold fio needs seconds until it writes, and a signal would end it before.
	lab_run "$(guest "$node")" "for i in \$(seq 100); do
			for pid in \$(pgrep -f '[f]io --name=$name '); do
				ls -l /proc/\$pid/fd | grep -qE '/dm-|/r0-$node' && exit
			done
			sleep 0.1
		done
		exit 1" >/dev/null 2>&1 || diag "$name has not begun to write"
}

leg_file()
{
	if [ "$1" = a ]; then
		lab_leg 1
	elif [ "$LINK" = rdma ]; then
		lab_leg 2
	else
		echo "$LAB_DIR/disk.1.other"
	fi
}

# data_offset NODE: where the data start on its leg, in bytes (the superblock has sectors)
data_offset()
{
	echo $(($(od -A n -t u8 -j 80 -N 8 "$(leg_file "$1")") * 512))
}

same_legs()
{
	lab_cmp_legs "$(leg_file a)" "$(leg_file b)" "$(data_offset a)"
}

table_of()
{
	ctl "$1" up --dry-run | sed -n "s/.*--table '\\(.*\\)'\$/\\1/p"
}

edit_md()
{
	perl "$top/tests/scripts/edit-md.pl" "$(leg_file "$1")" "${@:2}"
}

# The metadata areas of both legs, as far as a leg has one.
md_sums()
{
	local node

	for node in a b; do
		head -c 1M "$(leg_file "$node")" | sha256sum
	done
}

refuses()
{
	local before out status=0

	before=$(md_sums)
	out=$(on "$1" "dmesg -C; ( $3 ) 2>&1; status=\$?; dmesg; exit \$status") || status=$?
	printf '%s\n' "$out"
	case $status in
	0 | 124 | 255)
		echo "exit status $status"
		return 1 ;;
	esac
	if [[ $out != *"$2"* ]]; then
		echo "nobody said: $2"
		return 1
	fi
	if [ "$(md_sums)" != "$before" ]; then
		echo "metadata were changed"
		return 1
	fi
}

mirror_done()
{
	ok "no complaint on a console" lab_done
	done_testing
}
