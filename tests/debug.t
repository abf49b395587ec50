#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# debug.t - the part of "make check-debug" that every run of the tests has time for: in
# user-mode Linux with checks of locks and memory the tests in the module pass, and the
# mirror works, loses its peer, a leg and memory, and comes and goes.

set -u
here=$(dirname "$(readlink -f "$0")")
export O=${O:-$here/../build} LEAKS='' ROUNDS=8

if ! "$here/debug/build.sh" um >&2; then
	echo "Bail out! the debug kernel cannot be built"
	exit 255
fi
exec "$here/debug/run.sh" kunit link+slab leg suspend rounds
