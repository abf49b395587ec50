#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# links: rdma
# check: 6.1-rdma
#
#   alpha, in guest 1 <-- link --> beta, in guest 2
#
# Each command of Documentation/admin-guide.rst does what the guide says, in its order:
# none fails, both legs end the same, and no kernel complains.

set -u
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"

LAB_LEG_SIZE=192M
mirror_boot

number()
{
	case $1 in
	alpha) echo 1 ;;
	beta) echo 2 ;;
	esac
}

# A machine as the guide has it, after each boot: its name, that of the other one, the
# disk /dev/sdb, and a way for scp. The disk is a dm device, so that it can fail.
machine()
{
	local n

	n=$(number "$1")
	lab_run "$n" 'mkdir -p -m 700 /root/.ssh' &&
		lab_put "$n" "${lab__image:?}/id_ed25519" /root/.ssh/id_ed25519 &&
		lab_run "$n" "hostname $1 && mkdir -p /etc/netmirror &&
		chmod 600 /root/.ssh/id_ed25519 &&
		printf '10.77.0.1 alpha\n10.77.0.2 beta\n' >>/etc/hosts &&
		echo StrictHostKeyChecking no >/root/.ssh/config &&
		echo 0 \$(blockdev --getsz /dev/disk/by-id/virtio-leg) \
			linear /dev/disk/by-id/virtio-leg 0 >/run/leg &&
		dmsetup create leg /run/leg && ln -sf mapper/leg /dev/sdb"
}

# The configuration is not on a disk in the lab.
saved()
{
	lab_get "$1" /etc/netmirror/r0.conf "$(lab_host)/r0.saved"
}

# Nobody types faster than a node notices that its peer is gone.
is_alone()
{
	lab_run "$1" 'netmirrorctl status r0 --json' | grep -q '"degraded"'
}

stands_alone()
{
	local n

	for n in 1 2; do
		lab_run "$n" 'netmirrorctl status r0 --json' | grep -q stands-alone || return
	done
}

# leg TABLE: what the disk of the machine is from now on
leg()
{
	lab_run "$1" "dmsetup suspend --noflush --nolockfs leg &&
		dmsetup load leg --table \"$2\" && dmsetup resume leg"
}

act()
{
	local n

	n=$(number "${2-}")
	case $1 in
	power-cut) saved "$n" && lab_power_cut "$n" && lab_until 20 is_alone $((3 - n)) ;;
	power-on)
		lab_power_on "$n" && mirror_load "$n" && machine "$2" &&
			lab_put "$n" "$(lab_host)/r0.saved" /etc/netmirror/r0.conf ;;
	cut) lab_link_cut 1 && lab_until 20 is_alone 1 && lab_until 20 is_alone 2 ;;
	heal) lab_link_heal 1 ;;
	stands-alone) lab_until 30 stands_alone ;;
	leg-fails) leg "$n" '0 $(blockdev --getsz /dev/mapper/leg) error' ;;
	leg-returns) leg "$n" '$(cat /run/leg)' ;;
	*)
		echo "the guide wants what is not known: $*"
		return 1 ;;
	esac
}

for name in alpha beta; do
	ok "$name is there" machine "$name" || bail_out "$name is not as the guide has it"
done
ok "no configuration is there" lab_run 1 'rm /etc/netmirror/r0.conf'
ok "nor on beta" lab_run 2 'rm /etc/netmirror/r0.conf'
ok "the guide has commands" eval \
	"perl '$top/tests/scripts/guide.pl' '$top/Documentation/admin-guide.rst' >'$LAB_DIR/steps' &&
	 [ \$(wc -l <'$LAB_DIR/steps') -gt 60 ]"
while IFS=$'\t' read -r -u 9 where command; do
	if [ "$where" = "do" ]; then
		# shellcheck disable=SC2086 # words
		ok "$command" act $command
	else
		ok "$where: $command" lab_run "$(number "$where")" "$command"
	fi
	# Guests are slower than what the default of half a second is for.
	[[ $command != *" create r0 --leg "* ]] ||
		lab_run 1 "printf '[options]\ntimeout = 3s\n' >>/etc/netmirror/r0.conf"
done 9<"$LAB_DIR/steps"

ok "the legs are the same" lab_cmp_legs "$(leg_file a)" "$(leg_file b)" "$(data_offset b)"
mirror_done
