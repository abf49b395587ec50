#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# build.sh um|guest: what runs on the debug kernel of that kind (kernel.sh) need. In
# $O/debug, for both:
#
#   churn, nth       programs that the scenarios run
#
# and for um:
#
#   linux            the kernel; a link
#   dm-netmirror.ko  the module of this tree for it, with the tests of tests/kunit
#
# The module for guests is $O/modules/debug/dm-netmirror.ko, where the lab looks for it.

set -eu -o pipefail

here=$(dirname "$(readlink -f "$0")")
top=$here/../..
case ${1-} in
um | guest) kernel=$("$here/kernel.sh" "$1") ;;
*) echo "usage: build.sh um|guest" >&2; exit 2 ;;
esac
mkdir -p "${O:-$top/build}/debug"
dir=$(realpath "${O:-$top/build}/debug")
exec 9>"$dir/lock"
flock 9

# module DIR [MAKE-ARGUMENT...]
module()
{
	mkdir -p "$1"
	(cd "$top" && cp -u --parents -r Kbuild include bitmap dm-netmirror tests/kunit "$1")
	make -s -C "$kernel/tree" M="$1" UBSAN_SANITIZE=y "${@:2}" modules
}

if [ "$1" = um ]; then
	module "$dir/module" ARCH=um NM_KUNIT=y
	ln -sf module/dm-netmirror.ko "$dir/"
	ln -sfn "$kernel/linux" "$dir/linux"
else
	module "$(realpath -m "$dir/../modules/debug")"
fi
for program in churn nth; do
	gcc -std=gnu11 -O2 -Wall -Wextra -Werror -pthread "$here/$program.c" \
		-o "$dir/$program.new"
	mv "$dir/$program.new" "$dir/$program"
done
