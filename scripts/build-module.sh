#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# build-module.sh KVER DIR: build dm-netmirror.ko for kernel KVER in DIR, out of
# the source tree.  CHECK=1 runs sparse over every file as well.
set -eu

kver=$1
dir=$(realpath -m "$2")
top=$(realpath "$(dirname "$0")/..")
headers=/lib/modules/$kver/build

[ -d "$headers" ] || headers=/usr/src/linux-headers-$kver
if [ ! -d "$headers" ]; then
	echo "build-module.sh: no kernel headers for $kver; install the package linux-headers-$kver or set KVER" >&2
	exit 1
fi
mkdir -p "$dir"
cd "$top"
cp -u --parents -r Kbuild include bitmap dm-netmirror "$dir"
make -s -C "$headers" M="$dir" W=1 ${CHECK:+C=2 CF=-D__CHECK_ENDIAN__} \
	modules
