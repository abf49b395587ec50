#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# lab-kver.sh 6.1|6.12: the kernel release that the lab's guests of that series
# run, which is the one of Debian's newest headers package.
set -eu

case $1 in
6.1) package=linux-headers-amd64 ;;
6.12) package=linux-headers-6.12-amd64 ;;
*) echo "lab-kver.sh: the lab has kernels 6.1 and 6.12, not $1" >&2; exit 2 ;;
esac
depends=$(dpkg-query -W -f '${Depends}' "$package")
headers=${depends%% *}
echo "${headers#linux-headers-}"
