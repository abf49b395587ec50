#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# image.sh KERNEL           make the guest image for KERNEL (6.1, 6.12 or debug), unless
#                           it is there already, and print its directory
# image.sh --kver KERNEL    print the version of Debian's kernel, and make nothing
# image.sh --dkms           make the root in which packages are tested, with DKMS, a
#                           compiler and the headers of Debian's kernels, and print its
#                           file: a lab boots it instead of its own when LAB_ROOT names
#                           it
#
# The image directory, ${XDG_CACHE_HOME:-~/.cache}/dm-netmirror/lab/KERNEL-KEY, has
#
#   kver             version of the guest's kernel; the headers are under
#                    /usr/src/linux-headers-<kver> on the host
#   kernel           kernel, unpacked
#   initrd           first process and the lab's own files (guest/)
#   modules.sqsh     the kernel's modules
#   root.sqsh        Debian packages (guest/packages); shared by all kernels
#   id_ed25519       key that opens ssh to the guests
#
# The kernel is Debian's, the very version that the host's headers package is for, so
# that a module built on the host loads; or the one of tests/debug/kernel.sh. KEY is a
# hash of what the image is made from: a changed script, package list or kernel makes
# a new one, and the old one goes.
# An image is built aside and renamed when complete; a lock keeps two builds apart.
# Run as root. Takes two to three minutes the first time.

set -eu -o pipefail

here=$(dirname "$(readlink -f "$0")")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/dm-netmirror/lab

die()
{
	echo "image.sh: $*" >&2
	exit 1
}

# Drivers and data that no guest uses; they would be most of the image.
unused_modules=(
	arch/x86/kvm sound
	drivers/{accel,ata,bluetooth,comedi,edac,firewire,gnss,gpu,hid,hwmon,i2c,iio,input,isdn}
	drivers/{leds,media,mfd,mmc,mtd,nfc,pcmcia,platform,power,regulator,rtc,soundwire,spi}
	drivers/{staging,thunderbolt,usb,video,watchdog}
	drivers/infiniband/hw
	drivers/net/{can,ethernet,ieee802154,usb,wan,wireless,wwan}
	net/{bluetooth,can,ieee802154,mac80211,mac802154,nfc,wireless}
	fs/{ceph,gfs2,nfs,nfsd,ocfs2,smb,cifs}
)
boot_modules=(virtio_pci virtio_blk squashfs overlay)

headers_package()
{
	case $1 in
	6.1) echo linux-headers-amd64 ;;
	6.12) echo linux-headers-6.12-amd64 ;;
	*) die "no such kernel: $1 (6.1, 6.12 and debug are known)" ;;
	esac
}

# The headers package of the host depends on exactly one version: "name (= version)".
headers_version()
{
	local package depends

	package=$(headers_package "$1")
	depends=$(dpkg-query -W -f '${Depends}' "$package" 2>/dev/null) ||
		die "$package is not installed: run setup.sh"
	sed -n 's/^linux-headers-\([^ ,]*\) (= \([^)]*\)).*/\1 \2/p' <<<"$depends"
}

# Debian's part of the host's apt sources, whatever server it comes from.
debian_sources()
{
	local codename=$1 keyring=/usr/share/keyrings/debian-archive-keyring.gpg option=
	local origin dist uri release component

	[ ! -f "$keyring" ] || option="[signed-by=$keyring] "
	# shellcheck disable=SC2016 # apt expands them
	apt-get indextargets --format '$(ORIGIN)|$(CODENAME)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)' \
		'Created-By: Packages' |
	while IFS='|' read -r origin dist uri release component; do
		[ "$origin" = Debian ] || continue
		case $dist in
		"$codename" | "$codename"-updates | "$codename"-security)
			echo "deb $option$uri $release $component" ;;
		esac
	done | sort -u
}

# make_tree DIR PACKAGES OPTION...: a Debian with the packages in DIR/root.sqsh;
# mmdebstrap takes the options, too
make_tree()
{
	local dir=$1 packages=$2 codename

	shift 2
	codename=$(. /etc/os-release; echo "$VERSION_CODENAME")
	debian_sources "$codename" >"$dir/sources.list"
	[ -s "$dir/sources.list" ] || die "apt knows no Debian source: run apt-get update"
	apt-config dump | grep -E '^Acquire::(http|https|Check-|Retries|Max-)' >"$dir/apt.conf" || :

	mmdebstrap --quiet --variant=minbase --mode=root --format=directory \
		--aptopt="$dir/apt.conf" --aptopt='APT::Sandbox::User "root"' \
		--dpkgopt=force-unsafe-io \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--dpkgopt='path-exclude=/usr/share/info/*' \
		"$@" --include="$packages" "$codename" "$dir/tree" "$dir/sources.list"
	mkdir -p "$dir"/tree/{host,nm,lab,lib/modules}
	mksquashfs "$dir/tree" "$dir/root.sqsh" -comp zstd -Xcompression-level 3 \
		-noappend -quiet -no-progress
	rm -rf "$dir/tree" "$dir/sources.list" "$dir/apt.conf"
}

# make_root DIR: the Debian packages, without any kernel
make_root()
{
	make_tree "$1" "$(sed '/^#/d' "$here/guest/packages" | paste -sd,)"
	ssh-keygen -q -t ed25519 -N '' -C dm-netmirror-lab -f "$1/id_ed25519"
	ssh-keygen -q -t ed25519 -N '' -C dm-netmirror-lab -f "$1/ssh_host_ed25519_key"
}

# headers_packages: the headers of the very kernels that the guests run
headers_packages()
{
	local kernel

	for kernel in 6.1 6.12; do
		echo "linux-headers-$(headers_version "$kernel" | cut -d ' ' -f 1)"
	done
}

# make_dkms_root DIR PACKAGE...: a plain Debian with them, as a person would install it.
# Only what comes with these packages is without documentation, not what is installed
# later on.
make_dkms_root()
{
	# shellcheck disable=SC2016 # mmdebstrap's shell expands it
	make_tree "$1" "$(tr ' ' , <<<"${*:2}")" \
		--customize-hook='rm -f "$1"/etc/dpkg/dpkg.cfg.d/99mmdebstrap'
}

# unpacked BZIMAGE FILE: the ELF kernel inside, which QEMU starts directly: two seconds
# less than with the decompression under emulation. If there is none, as it is.
unpacked()
{
	local at

	if at=$(magic_at '\xfd7zXZ\x00' "$1"); then
		tail -c +$((at + 1)) "$1" | xz -dcq >"$2" || : # what follows is no xz
	elif at=$(magic_at '\x28\xb5\x2f\xfd' "$1"); then
		tail -c +$((at + 1)) "$1" | zstd -dcq >"$2" || :
	fi 2>/dev/null
	[ "$(head -c 4 "$2" 2>/dev/null)" = $'\x7fELF' ] || cp "$1" "$2"
}

# magic_at BYTES FILE: where they are first
magic_at()
{
	LC_ALL=C grep -aobP -m 1 "$1" "$2" | head -n 1 | LC_ALL=C cut -d: -f 1 | grep .
}

# debian_kernel DIR KVER VERSION: the kernel, and its modules in DIR/tree
debian_kernel()
{
	local dir=$1 kver=$2 version=$3 tree=$1/tree

	(cd "$dir"; apt-get download -q "linux-image-$kver=$version" >/dev/null) ||
		die "linux-image-$kver $version is not to be had: the headers of the host" \
		    "are older than the archive, upgrade them (setup.sh installs, apt upgrades)"
	dpkg-deb --fsys-tarfile "$dir"/linux-image-*.deb |
		tar -C "$tree" -x "${unused_modules[@]/#/--exclude=./lib/modules/$kver/kernel/}"
	rm "$dir"/linux-image-*.deb
	unpacked "$tree/boot/vmlinuz-$kver" "$dir/kernel"
	rm -rf "${tree:?}"/{boot,usr}
}

# debug_kernel DIR KVER FROM: the same, but all of its modules are built in
debug_kernel()
{
	mkdir -p "$1/tree/lib/modules/$2"
	cp "$3"/tree/modules.* "$1/tree/lib/modules/$2/"
	cp "$3/linux" "$1/kernel"
}

# make_image DIR KVER ROOT FUNCTION ARGUMENT: kernel, modules, initramfs
make_image()
{
	local dir=$1 kver=$2 root=$3 tree=$1/tree rd=$1/rd module

	mkdir "$tree"
	"$4" "$dir" "$kver" "$5"
	depmod -b "$tree" "$kver"

	mkdir -p "$rd"/{bin,proc,sys,dev,m,root,modules,rw,new,files/lab}
	cp /bin/busybox "$rd/bin/"
	install -m 755 "$here/guest/initramfs" "$rd/init"
	: >"$rd/m/order"
	modprobe -d "$tree" -S "$kver" --show-depends -a "${boot_modules[@]}" |
	while read -r action module _; do
		[ "$action" = insmod ] || continue
		name=$(basename "${module%.xz}")
		! grep -qx "$name" "$rd/m/order" || continue
		case $module in
		*.xz) xz -dc "$module" >"$rd/m/$name" ;;
		*) cp "$module" "$rd/m/$name" ;;
		esac
		echo "$name" >>"$rd/m/order"
	done
	install -m 755 "$here/guest/init" "$rd/files/lab/init"
	install -m 600 "$root/ssh_host_ed25519_key" "$rd/files/lab/"
	install -m 644 "$root/id_ed25519.pub" "$rd/files/lab/authorized_keys"
	install -D -m 644 "$here/guest/sshd_config" "$rd/files/etc/ssh/sshd_config"
	install -D -m 755 "$here/guest/poweroff" "$rd/files/usr/local/sbin/poweroff"
	(cd "$rd"; find . | cpio -o -H newc -R 0:0 --quiet | gzip -1) >"$dir/initrd"

	# As in the root, /lib is a link to /usr/lib there.
	mkdir "$tree/usr"
	mv "$tree/lib" "$tree/usr/lib"
	mksquashfs "$tree" "$dir/modules.sqsh" -comp zstd -Xcompression-level 3 \
		-noappend -quiet -no-progress
	ln "$root/root.sqsh" "$root/id_ed25519" "$dir/"
	echo "$kver" >"$dir/kver"
	rm -rf "$tree" "$rd"
}

# hash WORD...: a short hash of the words and of what comes on standard input
hash()
{
	{ printf '%s\n' "$@"; cat; } | sha256sum | cut -c 1-12
}

# built NAME-KEY FUNCTION ARG...: calls FUNCTION DIR ARG... to fill the directory,
# unless it is there; removes what other keys left
built()
{
	local dir=$cache/$1 old log

	shift
	if [ ! -d "$dir" ]; then
		# whatever an interrupted build left: the lock says that none is running
		rm -rf "$cache"/tmp.*
		mkdir "$cache/tmp.$$"
		log=$cache/build.log
		# in the background, since set -e is ignored in a condition
		(set -e; "$1" "$cache/tmp.$$" "${@:2}") >"$log" 2>&1 &
		if ! wait $!; then
			tail -n 30 "$log" >&2
			rm -rf "$cache/tmp.$$"
			die "$1 failed, log in $log"
		fi
		sync -f "$cache/tmp.$$"
		mv "$cache/tmp.$$" "$dir"
	fi
	for old in "$cache/$(basename "${dir%-*}")"-*; do
		if [ "$old" = "$dir" ] || [ ! -d "$old" ]; then continue; fi
		# a running lab holds a shared lock on its image
		if [ ! -f "$old/kver" ] || flock -n -x "$old/kver" true; then rm -rf "$old"; fi
	done
}

if [ "${1-}" = --kver ] && [ $# = 2 ]; then
	headers_version "$2" | cut -d ' ' -f 1
	exit
fi
[ $# = 1 ] || die "usage: image.sh [--kver] 6.1|6.12|debug, or image.sh --dkms"

# A directory and a lock of its own, so that no guest waits for this root.
[ "$1" != --dkms ] || cache=$cache/dkms
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9

if [ "$1" = --dkms ]; then
	read -r -a packages < <(sed '/^#/d' "$here/dkms-packages" | cat - <(headers_packages) |
		paste -sd ' ')
	key=$(hash "$(declare -f make_dkms_root make_tree debian_sources)" "${packages[@]}" </dev/null)
	[ -d "$cache/root-$key" ] || [ "$(id -u)" = 0 ] || die "must be root to build an image"
	built "root-$key" make_dkms_root "${packages[@]}"
	echo "$cache/root-$key/root.sqsh"
	exit
fi

if [ "$1" = debug ]; then
	function=debug_kernel
	version=$("$here/../debug/kernel.sh" guest)
	kver=$(<"$version/kver")
else
	function=debian_kernel
	read -r kver version < <(headers_version "$1") ||
		die "cannot tell the version of the headers"
fi
root_key=$(hash "$(declare -f make_root make_tree debian_sources)" <"$here/guest/packages")
key=$(cat "$here"/guest/* | hash "$root_key" "$kver" "$version" "${unused_modules[*]}" \
	"${boot_modules[*]}" "$(declare -f make_image $function unpacked magic_at)")

if [ ! -d "$cache/$1-$key" ]; then
	[ "$(id -u)" = 0 ] || die "must be root to build an image"
	built "root-$root_key" make_root
	built "$1-$key" make_image "$kver" "$cache/root-$root_key" $function "$version"
fi
echo "$cache/$1-$key"
