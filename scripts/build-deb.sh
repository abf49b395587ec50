#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# build-deb.sh DIR: build the Debian packages of this tree, as it is now, in DIR, and
# leave the tree alone.  DEB_BUILD_OPTIONS and DEB_BUILD_PROFILES have their usual
# meaning.
set -eu -o pipefail

mkdir -p "$1"
dir=$(realpath "$1")
top=$(realpath "$(dirname "$0")/..")
name=dm-netmirror-$(cd "$top" && dpkg-parsechangelog -S Version)

# What git knows, or, in a tree without git, all but what was built there.
sources()
{
	if [ -e "$top/.git" ]; then
		git -C "$top" ls-files -z --cached --others --exclude-standard
	else
		find "$top" -path "$top/build" -prune -o ! -type d -printf '%P\0'
	fi
}

rm -rf "$dir/source" "$dir"/*.{deb,dsc,changes,buildinfo,tar.*}
mkdir -p "$dir/source/$name"
cd "$top"
sources | while IFS= read -r -d '' f; do
	# a file that was deleted and not yet committed
	[ ! -e "$f" ] || printf '%s\0' "$f"
done | tar --null -T - -c | tar -x -C "$dir/source/$name"
cd "$dir/source/$name"
dpkg-buildpackage --no-sign
mv ../*.{deb,dsc,changes,buildinfo,tar.*} "$dir/"
rm -rf "$dir/source"
