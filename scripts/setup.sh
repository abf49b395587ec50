#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# setup.sh build|deb|test...: install the Debian packages that building or testing
# needs, if any is missing.  Needs root only then.
set -eu

build="gcc make libc6-dev libelf-dev libdevmapper-dev libblkid-dev libinih-dev
	libjson-c-dev pkg-config"
packages="debhelper dh-dkms dpkg-dev lintian clang libclang-rt-dev libcmocka-dev
	e2fsprogs gdisk jq mandoc perl python3-jsonschema zsh"
tests="libcmocka-dev libasan8 libubsan1 clang libclang-rt-dev sparse shellcheck perl jq git
	mandoc python3-jsonschema zsh e2fsprogs gdisk resource-agents libxml2-utils
	linux-headers-amd64 linux-headers-6.12-amd64
	linux-source-6.1 flex bison bc xz-utils dmsetup"

want=
for set in "$@"; do
	case $set in
	build) want="$want $build" ;;
	deb) want="$want $packages" ;;
	test) want="$want $tests" ;;
	*) echo "setup.sh: unknown set of packages: $set" >&2; exit 2 ;;
	esac
done

missing=
for p in $want; do
	dpkg-query -W -f '${Status}' "$p" 2>/dev/null |
		grep -q '^install ok installed' || missing="$missing $p"
done
if [ -n "$missing" ]; then
	echo "setup.sh: installing$missing"
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq
	# shellcheck disable=SC2086 # a list of words
	apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi
case " $* " in
*" test "*) "$(dirname "$0")/../tests/lab/setup.sh" ;;
esac
