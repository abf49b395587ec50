#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# build.sh DIR: what the debug runs need, in DIR:
#
#   linux            user-mode kernel with the checks of kernel.config; a link
#   dm-netmirror.ko  the module of this tree for it
#   churn, nth       programs that the scenarios run
#
# The kernel comes from Debian's linux-source-6.1 and is built once, some minutes on
# two processors, and kept in ${XDG_CACHE_HOME:-~/.cache}/dm-netmirror/debug/kernel-KEY
# with what it takes to build modules. KEY is a hash of what the kernel is made from:
# a changed configuration, source or compiler makes a new one, and the old one goes.
# It is built aside and renamed when complete; a lock keeps two builds apart.

set -eu -o pipefail

here=$(dirname "$(readlink -f "$0")")
top=$here/../..
cache=${XDG_CACHE_HOME:-$HOME/.cache}/dm-netmirror/debug
source=linux-source-6.1
packages="$source gcc make libc6-dev flex bison bc xz-utils kmod dmsetup"
# The jobs of a make that calls this are not for the kernel's.
unset MAKEFLAGS MFLAGS

die()
{
	echo "build.sh: $*" >&2
	exit 1
}

setup()
{
	local p missing=

	for p in $packages; do
		dpkg-query -W -f '${Status}' "$p" 2>/dev/null |
			grep -q '^install ok installed' || missing+=" $p"
	done
	[ -n "$missing" ] || return 0
	echo "build.sh: installing$missing" >&2
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq
	# shellcheck disable=SC2086 # a list of words
	apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

# make_kernel DIR
make_kernel()
{
	local line

	tar -C "$1" -xJf "/usr/src/$source.tar.xz"
	mv "$1/$source" "$1/tree"
	cd "$1/tree"
	make -s ARCH=um KCONFIG_ALLCONFIG="$here/kernel.config" allnoconfig
	while read -r line; do
		grep -qx "$line" .config || die "the kernel cannot have $line"
	done < <(grep '=[ym0-9]' "$here/kernel.config" | grep -v '=n$')
	make -s ARCH=um -j"$(nproc)" all
	mv linux ..
	# What building modules takes stays.
	find . -mindepth 1 -maxdepth 1 ! -name arch ! -name include ! -name scripts \
		! -name Makefile ! -name .config ! -name Module.symvers -exec rm -rf {} +
	find arch -mindepth 1 -maxdepth 1 ! -name um ! -name x86 -exec rm -rf {} +
	find arch -name '*.[cSo]' -delete
}

kernel()
{
	local key dir old tmp=$cache/tmp.$$ log=$cache/build.log

	key=$({
		cat "$here/kernel.config"
		dpkg-query -W -f '${Version}' "$source"
		gcc --version
		declare -f make_kernel
	} | sha256sum | cut -c 1-12)
	dir=$cache/kernel-$key
	mkdir -p "$cache"
	exec 9>"$cache/lock"
	flock 9
	if [ ! -d "$dir" ]; then
		echo "build.sh: building the debug kernel, log in $log" >&2
		rm -rf "$cache"/tmp.*
		mkdir "$tmp"
		# in the background, since set -e is ignored in a condition
		(make_kernel "$tmp") >"$log" 2>&1 &
		if ! wait $!; then
			tail -n 30 "$log" >&2
			rm -rf "$tmp"
			die "the debug kernel cannot be built"
		fi
		sync -f "$tmp"
		mv "$tmp" "$dir"
	fi
	for old in "$cache"/kernel-*; do
		[ "$old" = "$dir" ] || rm -rf "$old"
	done
	exec 9>&-
	echo "$dir"
}

[ $# = 1 ] || die "usage: build.sh DIR"
setup
kernel=$(kernel)
mkdir -p "$1/module"
dir=$(realpath "$1")
ln -sfn "$kernel/linux" "$dir/linux"
(cd "$top" && cp -u --parents -r Kbuild include bitmap dm-netmirror "$dir/module")
make -s -C "$kernel/tree" ARCH=um M="$dir/module" UBSAN_SANITIZE=y modules
ln -sf module/dm-netmirror.ko "$dir/"
for program in churn nth; do
	gcc -std=gnu11 -O2 -Wall -Wextra -Werror -pthread "$here/$program.c" -o "$dir/$program"
done
