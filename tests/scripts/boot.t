#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# links: rdma
# check: none
#
#   guest 1, with systemd                      guest 2
#
#   /srv: ext4, in fstab, and a service there
#   LV vg_ha/srv
#   PV: mirror r0  <---------- rdma ---------->  mirror r0
#   LV vg/r0, the leg                            disk "leg"
#
# A machine that starts and stops with systemd: the mirror comes up when LVM activates its
# leg, and nobody is promoted; the volume group on it activates itself after a promotion;
# at shutdown the service goes first, then the file system, the volume group, the role and
# the mirror, so that nothing has to be recovered or copied at the next start (I1, I10).

set -u
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"

LAB_LEG_SIZE=128M
# shellcheck disable=SC2034 # for mirror.sh
MIRROR_LEG_A=/dev/vg/r0
# shellcheck disable=SC2119 # the kernel comes from the environment
lab_init || bail_out "no lab"
host=$(lab_host)
root=$host/root.1
mirror_config | sed 's/^\[node a\]/[node node1]/; s/^\[node b\]/[node node2]/
	/^device = /d' >"$host/r0.conf"

# What an installation has, as the packages leave it: the target is enabled.
installation()
{
	make -s -C "$top" DESTDIR="$root" install-tools &&
		install -D -m 644 -t "$root/usr/lib/modules/$LAB_KVER/extra" \
			"$top/build/modules/$LAB_KERNEL/dm-netmirror.ko" &&
		install -D -m 600 -t "$root/etc/netmirror" "$host/r0.conf" &&
		mkdir -p "$root/srv" "$root/etc/systemd/system/multi-user.target.wants" &&
		ln -s /lib/systemd/system/netmirror.target \
			"$root/etc/systemd/system/multi-user.target.wants/" &&
		echo '/dev/vg_ha/srv /srv ext4 noauto,_netdev 0 0' >"$root/etc/fstab" &&
		cat >"$root/etc/systemd/system/counter.service" <<-'END'
		[Unit]
		RequiresMountsFor=/srv
		[Service]
		ExecStart=/bin/sh -c 'n=0; while :; do n=$((n + 1)); echo $n >/srv/n; sync -f /srv; echo $n >/host/n; done'
		END
}

# with_systemd: guest 1 boots, all its units are up
with_systemd()
{
	LAB_INIT=systemd lab_boot 1 || return
	LAB_TIMEOUT=300 lab_run 1 'systemctl is-system-running --wait || { systemctl --failed; false; }'
}

# is_up NODE: the mirror is connected, and both legs are the same
is_up()
{
	[ "$(lab_run "$1" 'netmirrorctl status r0 --json' 2>/dev/null |
		jq -r '[.link.state, .legs[].health] | join(" ")')" = "connected in-sync in-sync" ]
}

role_is()
{
	[ "$(lab_run "$1" 'netmirrorctl status r0 --json' | jq -r .role)" = "$2" ]
}

no_mirror_is_up()
{
	[ "$(lab_run 1 'dmsetup ls --target netmirror | grep -c "^r0"')" = 0 ]
}

no_unit_failed()
{
	! grep -a 'FAILED' "$LAB_DIR/console.1"
}

ok "the mirror is installed" installation
lab_boot 2 || bail_out "guest 2 does not boot"
mirror_load 2 || bail_out "the module cannot be loaded"
ok "systemd starts" with_systemd
ok "the leg is a logical volume" lab_run 1 'vgcreate -q vg /dev/disk/by-id/virtio-leg &&
	lvcreate -q -n r0 -L 96M vg && netmirrorctl create r0 --assume-clean --yes'
ok "the peer has its leg" lab_run 2 'netmirrorctl create r0 --size 95M --assume-clean --yes && netmirrorctl up r0'

# --- from start to shutdown ----------------------------------------------------------

ok "the machine is shut down" lab_power_off 1
ok "systemd starts" with_systemd
ok "the mirror came up with its leg" lab_until 60 is_up 1
ok "by its unit" lab_run 1 'systemctl is-active netmirror-up@r0.service'
ok "nobody is promoted" role_is 1 secondary
ok "a volume group is made on the mirror" lab_run 1 'netmirrorctl promote r0 &&
	vgcreate -q vg_ha /dev/netmirror/r0 && lvcreate -q -n srv -L 48M vg_ha && mkfs.ext4 -q /dev/vg_ha/srv'
ok "the file system is mounted" lab_run 1 'mount /srv'
ok "a service writes there" lab_run 1 'systemctl start counter'
ok "it has written" lab_until 20 [ -s "$host/n" ]
seconds=$SECONDS
ok "the machine is shut down" lab_power_off 1
diag "that took $((SECONDS - seconds)) s"
ok "no unit failed" no_unit_failed
is "$(lab_run 2 'netmirrorctl status r0 --json' | jq -r .role)" secondary "the peer stays as it was"

# --- and again -----------------------------------------------------------------------

ok "systemd starts" with_systemd
ok "the mirror came up" lab_until 60 is_up 1
is "$(lab_run 2 'netmirrorctl status r0 --json' | jq .counters.resync_regions)" 0 "nothing was copied"
ok "nobody is promoted" role_is 1 secondary
ok "it is promoted" lab_run 1 'netmirrorctl promote r0'
ok "the volume group activates itself" lab_until 60 lab_run 1 '[ -e /dev/vg_ha/srv ]'
ok "the file system was unmounted" lab_run 1 '! dumpe2fs -h /dev/vg_ha/srv | grep needs_recovery'
ok "it is mounted" lab_run 1 'mount /srv'
at_most "$(cat "$host/n")" "$(lab_run 1 'cat /srv/n')" "the last write is there"

# --- the target ----------------------------------------------------------------------

ok "it is unmounted" lab_run 1 'umount /srv'
ok "all mirrors are stopped" lab_run 1 'systemctl stop netmirror.target'
ok "none is left" lab_until 30 no_mirror_is_up
ok "r0 is started" lab_run 1 'systemctl start netmirror-up@r0'
ok "it is up" lab_until 60 is_up 1
ok "the machine is shut down" lab_power_off 1
ok "no unit failed" no_unit_failed
mirror_done
