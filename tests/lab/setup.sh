#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# setup.sh - install what the host of the lab needs (Debian 12, run as root).
#
# Asks dpkg first and calls apt only for what is missing, so it costs nothing
# when everything is there.

set -eu

packages=(
	qemu-system-x86 qemu-utils mmdebstrap squashfs-tools busybox-static
	cpio xz-utils zstd kmod openssh-client socat jq iproute2 nftables
	procps perl
	linux-headers-amd64 linux-headers-6.12-amd64
)

# Installed means the package and, for the header meta-packages, the tree that
# they point at: an aborted upgrade leaves one without the other.
missing()
{
	local p

	for p in "${packages[@]}"; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null || :)" = installed ] ||
			echo "$p"
	done
}

mapfile -t need < <(missing)
[ "${#need[@]}" -gt 0 ] || exit 0

if [ "$(id -u)" != 0 ]; then
	echo "setup.sh: must be root to install: ${need[*]}" >&2
	exit 1
fi

export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT

quietly()
{
	"$@" >"$log" 2>&1 && return
	echo "setup.sh: $* failed:" >&2
	tail -n 20 "$log" >&2
	return 1
}

# Package lists that are absent or name versions which the mirror has already
# replaced both make the install fail: try, refresh, try again.
install=(apt-get install -y -q --no-install-recommends "${need[@]}")
if ! "${install[@]}" >"$log" 2>&1; then
	quietly apt-get update -q
	quietly "${install[@]}"
fi
