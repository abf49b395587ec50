# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# lossy.sh - disks with a volatile cache, for scenarios to source before mirror_boot.
# The guests' legs go through QEMU's log of writes.  When the power is lost, a leg
# keeps what it was before the boot, what was flushed since, and of the rest what
# chance leaves.
#
#   power_lost N...            of these machines, at the same moment
#
# $LOSSY_SEED is where chance begins; it is printed.

: "${LOSSY_SEED:=$RANDOM}"
# shellcheck disable=SC2034 # for lab.sh
LAB_LEG_BACKEND=lossy_backend

# lossy_backend FILE: prints the drive options of a leg
lossy_backend()
{
	cp --sparse=always "$1" "$1.before" && : >"$1.log" || return
	# To flush is to write it down; the host's own disk is not waited for.
	echo "driver=blklogwrites,log-sector-size=512,discard=unmap,cache=writeback" \
		"file.driver=file,file.filename=$1,file.cache.no-flush=on" \
		"log.driver=file,log.filename=$1.log,log.cache.no-flush=on" | tr ' ' ,
}

power_lost()
{
	local n leg

	# A machine that stops finishes the writes it has begun, so that the log has no
	# holes, and flushes.
	for n in "$@"; do lab_freeze "$n" || return; done
	for n in "$@"; do lab_power_cut "$n" || return; done
	for n in "$@"; do
		leg=$(lab_leg "$n")
		LOSSY_SEED=$((LOSSY_SEED + 1))
		# shellcheck disable=SC2154 # top is of mirror.sh
		diag "leg $n, seed $LOSSY_SEED: $(perl "$top/tests/scripts/lose-writes.pl" \
			"$leg.log" "$leg.before" "$LOSSY_SEED")" &&
			mv "$leg.before" "$leg" || return
	done
}
