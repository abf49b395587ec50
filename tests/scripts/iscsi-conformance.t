#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# links: loop
# check: none
#
#   guest 1: r0-a <-- loop --> r0-b
#             |       linear
#            LIO       LIO  <- 127.0.0.1 -> iscsi-test-cu
#
# libiscsi's tests of a target, iscsi-test-cu, against a mirror that LIO exports and
# against a linear device that LIO exports in the same way. No test may fail with the
# mirror that does not fail with the linear device.
#
#   LAB_KERNEL=6.12 tests/scripts/iscsi-conformance.t [TEST...]
#
# TEST is a name as iscsi-test-cu -l prints it, such as SCSI or SCSI.Read10; default
# all, 230 of them. Takes some minutes. The results stay in $OUT (build/iscsi-conformance).

set -u
LINK=loop
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"

OUT=${OUT:-$top/build/iscsi-conformance}
LAB_LEG_SIZE=65M
LAB_DISKS=linear:64M
MIRROR_OPTIONS='timeout = 10s'
linear_uuid=1c6fe3f5-8b5d-4b6f-8e1d-4d2f1f7c8b32
LAB_TIMEOUT=300
tests=("${@:-ALL}")
mkdir -p "$OUT"

# What export does, with reservations as LIO has them by itself, since both are to be
# compared in these as well; and the same for another device.
export_commands()
{
	ctl a export --dry-run --iscsi --acl any | grep -v emulate_pr
}

for_linear()
{
	sed "s,/dev/mapper/r0-a,/dev/mapper/linear,; s/0b5fd2e4-[0-9a-f-]*/$linear_uuid/g
		s/iblock_[0-9]*/iblock_1/; s,/r0,/linear,; s/echo r0/echo linear/
		s/echo [0-9]* >\\(.*rtpi\\)/echo 4 >\\1/; s/:3260/:3261/"
}

# run_tests NAME PORT UUID: what each test said, in $OUT/NAME.log
run_tests()
{
	local test

	for test in "${tests[@]}"; do
		LAB_TIMEOUT=3600 lab_run 1 "iscsi-test-cu -d -t $test \
			iscsi://127.0.0.1:$2/iqn.2003-01.org.linux-iscsi.netmirror:$3/0 2>&1"
	done >"$OUT/$1.log" 2>&1
	verdicts "$OUT/$1.log" >"$OUT/$1"
	[ -s "$OUT/$1" ]
}

# "Suite.Test passed|FAILED|skipped" for each: a test is named, talks, and has its
# verdict there or at the beginning of a line.
verdicts()
{
	awk '/^Suite: / { suite = $2 }
		/^  Test: / { test = $2; skipped = 0 }
		/\[SKIPPED\]/ { skipped = 1 }
		test && match($0, /(^|\.\.\.)(passed|FAILED)/) {
			verdict = substr($0, RSTART, RLENGTH)
			sub(/^\.*/, "", verdict)
			print suite "." test, skipped && verdict == "passed" ? "skipped" : verdict
			test = ""
		}' "$1"
}

mirror_boot
ok "the mirror is there" eval 'mirror_create && mirror_up && ctl a promote'
export_commands >"$(lab_host)/mirror.sh"
for_linear <"$(lab_host)/mirror.sh" >"$(lab_host)/linear.sh"
ok "it is exported" lab_run 1 'bash -e /host/mirror.sh'
ok "a linear device is exported in the same way" lab_run 1 '
	sectors=$(blockdev --getsz /dev/mapper/r0-a)
	dmsetup create linear --table "0 $sectors linear /dev/disk/by-id/virtio-linear 0" &&
		bash -e /host/linear.sh'
ok "the tests run against the linear device" run_tests linear 3261 $linear_uuid
ok "the tests run against the mirror" run_tests mirror 3260 \
	0b5fd2e4-7a4c-4a5e-9d0c-3c1f0e6b7a21
diag "mirror: $(cut -d ' ' -f 2 "$OUT/mirror" | sort | uniq -c | xargs)," \
	"linear: $(cut -d ' ' -f 2 "$OUT/linear" | sort | uniq -c | xargs)"
is "$(wc -l <"$OUT/mirror")" "$(wc -l <"$OUT/linear")" "both had the same tests"
is "$(diff "$OUT/linear" "$OUT/mirror" | grep '^> .* FAILED')" "" \
	"no test fails that does not fail with the linear device"
ok "the legs are the same" same_legs
mirror_done
