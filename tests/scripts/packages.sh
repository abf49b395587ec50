# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# packages.sh - the Debian packages, for tests to source, with the top of the tree as
# the current directory.
#
#   packages_version           the version of the tree
#   packages_build DIR [PROFILE]   builds the packages in DIR; noinsttest: all but the
#                              tests
#   packages_build_next DIR    builds those of version VERSION.1, without the tests, from
#                              a copy of the tree that git does not know

packages_version()
{
	sed -n 's/^#define NM_VERSION.*"\(.*\)"$/\1/p' include/netmirror/version.h
}

packages_build()
{
	DEB_BUILD_PROFILES=${2-} DEB_BUILD_OPTIONS=nocheck scripts/build-deb.sh "$1"
}

packages_build_next()
{
	local copy=$1/copy version

	version=$(packages_version)
	mkdir -p "$copy"
	tar -c --exclude=./build --exclude=./.git . | tar -x -C "$copy"
	sed -i "s/$version/$version.1/" "$copy/include/netmirror/version.h" "$copy/dkms.conf"
	sed -i "1s/($version)/($version.1)/" "$copy/debian/changelog"
	DEB_BUILD_PROFILES=noinsttest DEB_BUILD_OPTIONS=nocheck "$copy/scripts/build-deb.sh" "$1"
	rm -rf "$copy"
}
