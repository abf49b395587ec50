#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# packages.t - the Debian packages in the life of a machine: built from a tree with
# and without git, installed in a plain Debian with the headers of both kernels,
# tested there as their autopkgtests would, upgraded with the configuration kept, and
# removed without a trace. DKMS builds for real. Nothing is loaded:
# tests/scripts/packages.t does that in a guest.

set -u
cd "$(dirname "$(readlink -f "$0")")/.." || exit
# shellcheck source=lab/tap.sh
. tests/lab/tap.sh
# shellcheck source=scripts/packages.sh
. tests/scripts/packages.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
version=$(packages_version)
names=$(sed -n 's/^Package: //p' debian/control | paste -sd ' ')

tree_state()
{
	find . -path ./build -prune -o -path ./.git -prune -o -printf '%p %s %T@\n' | sort
}

tree_is_untouched()
{
	diff <(tree_state) "$work/tree"
}

# No mailing list is there to be the maintainer's.
lintian_is_silent()
{
	lintian --allow-root --fail-on error,warning --tag-display-limit 0 --suppress-tags \
		bogus-mail-host,bogus-mail-host-in-debian-changelog "$work"/old/*.changes
}

# inside COMMAND: in the chroot, which keeps what it was before. Its mounts end with
# the command.
mkdir -p "$work"/{lower,upper,layer,root,host}
inside()
{
	timeout 900 unshare --mount --propagation private bash -c '
		cd "$1" && mount -t squashfs -o loop,ro "$2" lower &&
		mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=layer overlay root &&
		mount -t proc proc root/proc && mount -t devpts -o newinstance devpts root/dev/pts &&
		mount --bind host root/host &&
		exec chroot root /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
			HOME=/root LC_ALL=C DEBIAN_FRONTEND=noninteractive bash -c "$3"
		' - "$work" "$root" "$1"
}

# Every name in the chroot, but for what tools of Debian keep for themselves: dpkg, the
# caches, depmod, and the key with which DKMS signs.
names()
{
	inside 'find / -xdev \( -path /proc -o -path /dev -o -path /host -o -path /tmp -o -path /run \
		-o -path /var/lib/dpkg -o -path /var/cache -o -path /var/log \) -prune -o -print' |
		grep -vE '^(/usr)?/lib/modules/[^/]*/modules\.|^/var/lib/dkms/mok\.' | sort
}

# module KVER FIELD: what modinfo says in the chroot
module()
{
	inside "modinfo -k $1 -F $2 dm-netmirror"
}

tree_state >"$work/tree"
ok "the packages are built" packages_build "$work/old" || bail_out "there are no packages"
ok "the tree is as it was" tree_is_untouched
ok "lintian finds nothing" lintian_is_silent
ok "a tree without git, one version on, builds them too" packages_build_next "$work/new"
like "$(echo "$work"/new/netmirror-utils_*)" "/netmirror-utils_${version}\.1_" \
	"its packages have that version"

root=$(tests/lab/image.sh --dkms) || bail_out "there is no root"
names >"$work/names"
ok "the root has files" [ "$(wc -l <"$work/names")" -gt 10000 ]
cp "$work"/old/*.deb "$work/host/"
mkdir "$work/host/newer"
cp "$work"/new/*.deb "$work/host/newer/"
cp -r debian/tests "$work/host/"

ok "they are installed" inside 'dpkg -i $(ls /host/*.deb | grep -v dbgsym)'
for k in 6.1 6.12; do
	kver=$(scripts/lab-kver.sh $k)
	is "$(module "$kver" version)" "$version" "$k: DKMS has built the module of this version"
	is "$(module "$kver" vermagic | cut -d ' ' -f 1)" "$kver" "$k: for that kernel"
	like "$(module "$kver" signer)" . "$k: and signed it"
	is "$(module "$kver" alias)" dm-netmirror "$k: device-mapper finds it"
	is "$(module "$kver" license)" GPL "$k: its licence is the kernel's"
	like "$(module "$kver" description)" "mirror" "$k: it says what it is"
done
ok "autopkgtest module" inside /host/tests/module
ok "autopkgtest utils" inside /host/tests/utils
ok "autopkgtest agent" inside /host/tests/agent
ok "autopkgtest installed" inside /host/tests/installed

inside 'echo "# mine" >/etc/netmirror/r0.conf; echo secret >/etc/netmirror/r0.secret'
ok "they are upgraded" inside 'dpkg -i $(ls /host/newer/*.deb | grep -v dbgsym)'
is "$(inside 'netmirrorctl version')" "netmirrorctl $version.1" "the tool is the new one"
is "$(module "$(scripts/lab-kver.sh 6.12)" version)" "$version.1" "the module of the newest kernel is, too"
is "$(inside 'ls -d /usr/src/dm-netmirror-*')" "/usr/src/dm-netmirror-$version.1" \
	"the old sources are gone"
is "$(inside 'cat /etc/netmirror/*')" $'# mine\nsecret' "the configuration is kept"

ok "they are removed" inside "dpkg -r $names"
is "$(inside 'cat /etc/netmirror/*')" $'# mine\nsecret' "the configuration is still kept"
ok "no module is left" inside '! find /lib/modules -name "dm-netmirror*" | grep .'
ok "they are purged" inside "dpkg -P $names"
is "$(diff "$work/names" <(names))" "" "nothing is left behind"
done_testing
