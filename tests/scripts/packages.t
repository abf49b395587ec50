#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# links: loop
# check: none
#
#   guest 1, with DKMS and headers: r0-a (primary) <-- loop --> r0-b
#
# The Debian packages on a machine that runs: installed, the module that DKMS built is
# loaded by device-mapper when a table names the target, a mirror works; upgraded while
# the mirror is written to, which it does not notice; the new module is there after the
# next start; removed and purged, and nothing is left. Then DKMS builds the sources as they
# are. What is typed is what Documentation/packaging.rst says.
#
# A compiler takes a quarter of an hour for the module under emulation. So "make" in
# the guest hands DKMS what the host has compiled from the sources in the package, with
# the same compiler and headers. With COMPILE=guest it is the real one.

set -u
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"
# shellcheck source=packages.sh
. "$top/tests/scripts/packages.sh"
# shellcheck source=doc.sh
. "$top/tests/scripts/doc.sh"
cd "$top" || exit

LAB_ROOT=$(tests/lab/image.sh --dkms) || bail_out "there is no root"
LAB_RDMA=none
LAB_MEM=2048
# shellcheck disable=SC2034 # lab_boot uses it
LAB_BOOT_TIMEOUT=300
LAB_LEG_SIZE=64M
LAB_DISKS="other:$LAB_LEG_SIZE"
# shellcheck disable=SC2034 # lab_run uses it
LAB_TIMEOUT=600
[ "${COMPILE-}" != guest ] || LAB_TIMEOUT=3600
version=$(packages_version)

# compiled DIR VERSION: compile the module from the sources in the package of DIR
compiled()
{
	local tree=$1/tree

	dpkg-deb -x "$1"/dm-netmirror-dkms_*.deb "$tree" &&
	make -s -C "/usr/src/linux-headers-$LAB_KVER" M="$tree/usr/src/dm-netmirror-$2" modules &&
	cp "$tree/usr/src/dm-netmirror-$2/dm-netmirror.ko" "$1/" &&
	rm -r "$tree"
}

# install_packages DIR: the packages of DIR, in the guest, which has no archive to ask
install_packages()
{
	local apt="s,apt install,cd /host/$1 \&\& \
		DEBIAN_FRONTEND=noninteractive apt-get -y -q install,"

	doc_run packaging install "$apt" && doc_run packaging install-agent "$apt"
}

agent_version()
{
	lab_run 1 '/usr/lib/ocf/resource.d/netmirror/netmirror meta-data >/dev/null &&
		dpkg-query -W -f "\${Version}" netmirror-resource-agents'
}

# Every name in the guest, but for what changes by itself.
names()
{
	lab_run 1 'find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /run \
		-o -path /tmp -o -path /host -o -path /nm -o -path /var/lib/dpkg \
		-o -path /var/lib/apt -o -path /var/cache -o -path /var/log \) -prune -o -print' |
		grep -vE '^(/usr)?/lib/modules/[^/]*/modules\.|^/var/lib/dkms/mok\.' | sort
}

writer_goes_on()
{
	local before

	before=$(lab_run 1 'cat /run/written') &&
		lab_until 60 eval '[ "$(lab_run 1 "cat /run/written")" -gt "$before" ]'
}

loaded()
{
	lab_run 1 'cat /sys/module/dm_netmirror/version'
}

# shellcheck disable=SC2119 # the kernel comes from the environment
lab_init || bail_out "no lab"
host=$(lab_host)
packages_build "$host/old" noinsttest >&2 || bail_out "there are no packages"
packages_build_next "$host/new" >&2 || bail_out "there are no newer packages"
if [ "${COMPILE-}" != guest ]; then
	ok "the host compiles the module" compiled "$host/old" "$version"
	ok "and the next version" compiled "$host/new" "$version.1"
fi
mirror_config >"$host/r0.conf"
lab_boot 1 || bail_out "the guest does not boot"

# An init system makes /dev/fd; and one kernel is enough to build for. "make" is asked
# to clean and to build by DKMS, and to install by a person.
lab_run 1 'ln -sfn /proc/self/fd /dev/fd
	for d in /lib/modules/*; do [ "$d" = "/lib/modules/$(uname -r)" ] || rm -r "$d"; done'
# shellcheck disable=SC2154 # in the guest
[ "${COMPILE-}" = guest ] || lab_run 1 '
	cat >/usr/local/sbin/make <<-"END"
		#!/bin/bash
		[[ $* = *install-dkms* ]] && exec /usr/bin/make "$@"
		[[ $* = *" modules"* ]] || exit 0
		version=$(sed -n "s/^PACKAGE_VERSION=\"\(.*\)\"/\1/p" ../source/dkms.conf)
		for dir in /host/old /host/new; do
			[ "$(modinfo -F version $dir/dm-netmirror.ko)" = "$version" ] || continue
			exec cp $dir/dm-netmirror.ko .
		done
		exit 1
	END
	chmod +x /usr/local/sbin/make'
names >"$LAB_DIR/names"

# --- installed ---------------------------------------------------------------

ok "the packages are installed" install_packages old
is "$(lab_run 1 'modinfo -F version dm-netmirror')" "$version" "DKMS has built the module"
like "$(lab_run 1 'modinfo -F filename dm-netmirror')" "/updates/dkms/" "where modules of DKMS are"
is "$(agent_version)" "$version" "the agent works"
nok "it is not loaded" lab_run 1 'lsmod | grep dm_netmirror'
ok "the configuration is written" lab_run 1 'cp /host/r0.conf /etc/netmirror/'
ok "the legs are made" mirror_create
config=$(lab_run 1 'cat /etc/netmirror/r0.conf')
table=$(table_of a)
ok "a table that names the target is enough" lab_run 1 "dmsetup create r0-a --table '$table'"
is "$(loaded)" "$version" "device-mapper has loaded the module"
ok "that device is removed" lab_run 1 'dmsetup remove r0-a'
ok "the nodes are up and connected" mirror_up
ok "a is promoted" ctl a promote

# --- upgraded under load -----------------------------------------------------

lab_bg 1 writer '
	for ((i = 1; ; i++)); do
		printf "%-4095d\n" "$i" |
			dd of=/dev/mapper/r0-a bs=4k seek=$((i % 1000)) oflag=direct,dsync status=none || exit
		echo "$i" >/run/written.new && mv /run/written.new /run/written
		sleep 0.3 # leaves the processor to the upgrade
	done'
ok "the mirror is written to" lab_until 60 lab_run 1 'test -s /run/written'
events=$(lab_run 1 'dmsetup info -c --noheadings -o name,events,major,minor r0-a')
ok "the packages are upgraded" install_packages new
is "$(lab_run 1 'netmirrorctl version')" "netmirrorctl $version.1" "the tool is the new one"
is "$(agent_version)" "$version.1" "and the agent"
is "$(lab_run 1 'modinfo -F version dm-netmirror')" "$version.1" "so is the module on disk"
is "$(loaded)" "$version" "the old one runs on"
is "$(lab_run 1 'dmsetup info -c --noheadings -o name,events,major,minor r0-a')" "$events" \
	"nothing happened to the mirror"
is "$(st a health)/$(st a link)/$(st a role)" AA/connected/primary "it is well"
ok "and written to" writer_goes_on
status_is 124 "the writer has met no error" lab_wait writer 0
ok "the new tool understands the old module" ctl a status
is "$(lab_run 1 'cat /etc/netmirror/r0.conf')" "$config" "the configuration is kept"

lab_stop writer
lab_wait writer
ok "b goes down" ctl b down
ok "a gets the new module" doc_run packaging new-module 's/ r0$/ r0 --node a/'
ok "the nodes are up and connected" mirror_up b
is "$(loaded)" "$version.1" "with the new module"
is "$(st a health)" AA "both legs are in sync"
ok "a goes down" ctl a down
ok "b goes down" ctl b down
ok "the legs are the same" same_legs

# --- removed -----------------------------------------------------------------

ok "the packages are removed" lab_run 1 'dpkg -r netmirror-resource-agents netmirror-utils dm-netmirror-dkms'
is "$(lab_run 1 'cat /etc/netmirror/r0.conf')" "$config" "the configuration is kept"
ok "the module is unloaded" lab_run 1 'rmmod dm_netmirror'
nok "there is none any more" lab_run 1 'modprobe dm-netmirror'
nok "a table that names the target is refused" lab_run 1 "dmsetup create r0-a --table '$table'"
ok "the packages are purged" lab_run 1 'dpkg -P netmirror-resource-agents netmirror-utils dm-netmirror-dkms'
is "$(diff "$LAB_DIR/names" <(names))" "" "nothing is left behind"
ok "the legs are as they were" same_legs

# --- DKMS alone --------------------------------------------------------------

sources()
{
	mkdir "$host/tree" &&
		cp -r Makefile Kbuild dkms.conf include bitmap dm-netmirror "$host/tree/"
}

ok "there are the sources" sources
ok "DKMS takes them without a package" doc_run packaging dkms "s,^alpha\t,&cd /host/tree \&\& ,"
is "$(lab_run 1 'modinfo -F version dm-netmirror')" "$version" "DKMS has built the module"
ok "it can be loaded" lab_run 1 'modprobe dm-netmirror && rmmod dm_netmirror'
mirror_done
