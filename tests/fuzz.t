#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# fuzz.t - each fuzzer for a short while, FUZZ_SECONDS of them; "make fuzz" takes
# longer.
exec "$(dirname "$(readlink -f "$0")")/fuzz/fuzz.sh" "${FUZZ_SECONDS:-10}"
