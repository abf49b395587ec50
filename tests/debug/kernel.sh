#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kernel.sh um|guest: make the debug kernel of that kind, unless it is there already,
# and print its directory:
#
#   linux    the program of user-mode Linux (um), the kernel of a lab's guest (guest)
#   tree     what it takes to build modules for it
#   kver     its version
#
# The kernel comes from Debian's linux-source-6.1, with the configuration in checks.config
# and <kind>.config, and is built once: on two processors um takes two minutes, guest
# five. The directory is ${XDG_CACHE_HOME:-~/.cache}/dm-netmirror/debug/KIND-KEY. KEY is
# a hash of what the kernel is made from: a changed configuration, source or compiler
# makes a new one, and the old one goes. It is built aside and renamed when complete; a
# lock keeps two builds apart.

set -eu -o pipefail

here=$(dirname "$(readlink -f "$0")")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/dm-netmirror/debug
source=linux-source-6.1
# The jobs of a make that calls this are not for the kernel's.
unset MAKEFLAGS MFLAGS

die()
{
	echo "kernel.sh: $*" >&2
	exit 1
}

# make_um: in the kernel's source
make_um()
{
	make -s ARCH=um -j"$(nproc)" linux modules
	mv linux ..
}

make_guest()
{
	make -s -j"$(nproc)" bzImage modules
	mv arch/x86/boot/bzImage ../linux
}

# make_kernel KIND DIR
make_kernel()
{
	local arch=x86 line

	[ "$1" = guest ] || arch=um
	tar -C "$2" -xJf "/usr/src/$source.tar.xz"
	mv "$2/$source" "$2/tree"
	cat "$here/checks.config" "$here/$1.config" >"$2/config"
	cd "$2/tree"
	make -s ARCH=$arch KCONFIG_ALLCONFIG=../config allnoconfig
	while read -r line; do
		grep -qx "$line" .config || die "the kernel cannot have $line"
	done < <(grep '=[ym0-9]' ../config)
	"make_$1"
	make -s ARCH=$arch kernelrelease >../kver
	# What building modules takes stays.
	find . -mindepth 1 -maxdepth 1 ! -name arch ! -name include ! -name scripts ! -name tools \
		! -name Makefile ! -name .config ! -name Module.symvers ! -name 'modules.*' \
		-exec rm -rf {} +
	find arch -mindepth 1 -maxdepth 1 ! -name um ! -name x86 -exec rm -rf {} +
	find tools -mindepth 1 -maxdepth 1 ! -name objtool -exec rm -rf {} +
	find arch tools -name '*.[cSo]' -delete
}

case ${1-} in
um | guest) ;;
*) die "usage: kernel.sh um|guest" ;;
esac
version=$(dpkg-query -W -f '${Version}' "$source" 2>/dev/null) ||
	die "$source is not installed: run scripts/setup.sh test"
key=$({
	cat "$here/checks.config" "$here/$1.config"
	echo "$version"
	gcc --version
	declare -f make_kernel "make_$1"
} | sha256sum | cut -c 1-12)
dir=$cache/$1-$key
tmp=$cache/tmp.$1.$$
log=$cache/$1.log
mkdir -p "$cache"
exec 9>"$cache/$1.lock"
flock 9
if [ ! -d "$dir" ]; then
	echo "kernel.sh: building the debug kernel ($1), log in $log" >&2
	# whatever an interrupted build left: the lock says that none is running
	rm -rf "$cache/tmp.$1".*
	mkdir "$tmp"
	# in the background, since set -e is ignored in a condition
	(make_kernel "$1" "$tmp") >"$log" 2>&1 &
	if ! wait $!; then
		tail -n 30 "$log" >&2
		rm -rf "$tmp"
		die "the debug kernel cannot be built"
	fi
	sync -f "$tmp"
	mv "$tmp" "$dir"
fi
for old in "$cache/$1"-*; do
	[ "$old" = "$dir" ] || rm -rf "$old"
done
echo "$dir"
