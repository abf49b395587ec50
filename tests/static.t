#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# static.t - what can be told from the sources alone: dependencies that point one
# way, formats pinned by the compiler, sizes of files, and silence of every tool
# that has an opinion: the compiler with W=1, sparse, checkpatch, shellcheck, mandoc.

set -u
cd "$(dirname "$(readlink -f "$0")")/.." || exit
# shellcheck source=lab/tap.sh
. tests/lab/tap.sh

# Sources, whether git knows them yet or not; never what a build made.
mapfile -t files < <(find . -type f -not -path './.git/*' -not -path './build/*' \
	-printf '%P\n' | sort)

# sources REGEX: the files whose names match
sources()
{
	printf '%s\n' "${files[@]}" | grep -E "$1"
}

# found PATTERN [GREP-OPTION...]: matching lines of the C sources and headers
found()
{
	local pattern=$1

	shift
	sources '\.[ch]$' | xargs grep -nE "$@" -e "$pattern"
}

# Each line that a rule forbids comes out; nothing must.
none()
{
	! grep .
}

# --- dependencies ----------------------------------------------------------

only_rdma_includes_rdma()
{
	found '#include *<rdma/' | grep -v '^dm-netmirror/rdma/[a-z]*\.[ch]:' | none
}

only_dm_c_includes_libdevmapper()
{
	found '#include *<libdevmapper' |
		grep -v '^userspace/netmirrorctl/dm\.c:' | none
}

# The pure core stands on its environment, the formats and itself.
pure_core_is_pure()
{
	local own

	own=$(sources '^(bitmap|dm-netmirror/core)/.*\.h$' | sed 's,.*/,,' | paste -sd '|')
	sources '^(bitmap|dm-netmirror/core)/' | xargs grep -nE '^ *# *include' |
		grep -vE "include +(\"(nm_env\.h|$own)\"|<netmirror/[a-z]+\.h>)\$" | none
}

pure_core_does_not_ask_where_it_is()
{
	found '__KERNEL__' | grep -E '^(bitmap|dm-netmirror/core|include)/' | none
}

# A pair that no run has would leave a scenario out without a word.
scenarios_name_runs_that_exist()
{
	local t links pair

	for t in tests/scripts/*.t; do
		links=$(sed -n 's/^# links: //p' "$t")
		# shellcheck disable=SC2013 # words of one line
		for pair in $(sed -n 's/^# check: //p' "$t"); do
			[ "$pair" = none ] && continue
			[[ " 6.1 6.12 " = *" ${pair%-*} "* && " $links " = *" ${pair#*-} "* ]] ||
				echo "$t: $pair"
		done
	done | none
}

formats_need_only_types()
{
	sources '^include/' | xargs grep -nE '^ *# *include' |
		grep -vE 'include +<(linux/types|netmirror/[a-z]+)\.h>$' | none
}

shell_does_not_leak_into_tools()
{
	sources '^userspace/' | xargs grep -nE '#include *"(mirror|link|io|table|target|rdma)\.h"' |
		grep -v '^userspace/netmirrorctl/.*"mirror\.h"' | none
}

no_kernel_versions()
{
	found 'LINUX_VERSION_CODE|\<KERNEL_VERSION *\(' | none
}

only_compat_knows_features()
{
	found 'NM_HAVE_' | grep -v '^dm-netmirror/compat/' | none
}

# Each probe is used, and each use has a probe.
probes_fit()
{
	diff <(sources '^dm-netmirror/compat/probes/' | sed 's,.*/,,; s/\.c$//' | sort) \
		<(grep -ohE 'NM_HAVE_[A-Za-z0-9_]+' dm-netmirror/compat/*.h |
			sed 's/^NM_HAVE_//' | sort -u)
}

ok "only dm-netmirror/rdma/ includes <rdma/...>" only_rdma_includes_rdma
ok "only dm.c includes libdevmapper" only_dm_c_includes_libdevmapper
ok "the pure core includes nothing but its environment, the formats and itself" \
	pure_core_is_pure
ok "the pure core and the formats have no #ifdef __KERNEL__" pure_core_does_not_ask_where_it_is
ok "the formats need only linux/types.h" formats_need_only_types
ok "the tool includes no header of the shell" shell_does_not_leak_into_tools
ok "nothing asks for the kernel's version" no_kernel_versions
ok "only compat/ knows NM_HAVE_" only_compat_knows_features
ok "the probes are those that compat.h asks for" probes_fit

# --- formats ---------------------------------------------------------------

# "struct field" for each field of each structure in the formats' headers.
fields()
{
	sed -E 's,/\*.*,,; s/\[[^]]*\]//g' include/netmirror/disk.h include/netmirror/wire.h |
		awk '/^struct nm_[a-z_]+ \{/ { name = $2; next }
			/^\};/ { name = "" }
			name && /;/ { sub(";.*", ""); print name, $NF }'
}

formats_are_pinned()
{
	local struct field missing=0

	[ "$(fields | wc -l)" -gt 50 ] || { echo "too few fields were found"; return 1; }
	while read -r struct field; do
		grep -q "^SIZE($struct, " dm-netmirror/core/ondisk.c &&
			grep -q "^AT($struct, $field, " dm-netmirror/core/ondisk.c && continue
		echo "$struct.$field"
		missing=1
	done < <(fields)
	return "$missing"
}

ok "the size of each structure on disk and wire and each offset are asserted in ondisk.c" \
	formats_are_pinned

# --- files -----------------------------------------------------------------

no_long_file()
{
	sources '\.(c|h|sh|t|pl)$|/(Makefile|init|initramfs)$' | xargs wc -l |
		awk '$2 != "total" && $1 > 700 { print; long = 1 } END { exit long }'
}

all_have_a_licence()
{
	local f missing=0

	while read -r f; do
		head -n 3 "$f" | grep -q 'SPDX-License-Identifier: GPL-2\.0' && continue
		echo "$f"
		missing=1
	done < <(sources '\.(c|h|sh|t|pl|[1-8])$|(^|/)(Makefile|Kbuild)$')
	return "$missing"
}

all_tests_can_be_run()
{
	local t

	for t in tests/*.t tests/*/*.t; do
		[ -x "$t" ] || echo "$t"
	done | none
}
# DKMS reads the first as a script and Debian's tools the second, so that neither
# can take the version from where it is defined.
versions_agree()
{
	local version

	version=$(sed -n 's/^#define NM_VERSION.*"\(.*\)"$/\1/p' include/netmirror/version.h)
	[ -n "$version" ] && grep -qx "PACKAGE_VERSION=\"$version\"" dkms.conf &&
		head -n 1 debian/changelog | grep -qF " ($version) "
}
ok "dkms.conf and debian/changelog have the version of version.h" versions_agree
ok "each scenario names runs that exist" scenarios_name_runs_that_exist
ok "each test is executable" all_tests_can_be_run
ok "no file has more than 700 lines" no_long_file
ok "each source names its licence" all_have_a_licence

# --- tools -----------------------------------------------------------------

shell_scripts()
{
	printf '%s\n' "${files[@]}" | while read -r f; do
		case $f in *.c | *.h) continue ;; esac
		if head -n 1 "$f" | grep -aqE '^#!/bin/(ba|busybox )?sh|^# shellcheck shell='; then
			echo "$f"
		fi
	done
}

# SC2016: commands for a guest are in single quotes so that the guest expands them.
# SC2015: in "a && b || c", c is meant to run when either fails.
# Each in its own directory, where its "source=" lines start.
shellcheck_is_silent()
{
	local f status=0

	while read -r f; do
		(cd "$(dirname "$f")" && shellcheck -x -e SC2015,SC2016 -f gcc "$(basename "$f")") ||
			{ status=1; echo "in $f"; }
	done < <(shell_scripts)
	return "$status"
}

mandoc_is_silent()
{
	sources '\.[1-8]$' | xargs mandoc -T lint -W warning | none
}

# BTF needs the kernel itself, which headers do not bring.
module_builds_silently()
{
	local dir=${O:-$PWD/build}/static

	rm -rf "$dir"
	CHECK=1 scripts/build-module.sh "$(scripts/lab-kver.sh 6.1)" "$dir" 2>&1 |
		grep -v '^Skipping BTF generation' | none && [ -e "$dir/dm-netmirror.ko" ]
}

# Debian has it only within the kernel's source, which the debug kernel is built from.
# EMBEDDED_FUNCTION_NAME takes words of messages for the names of functions.
checkpatch_is_silent()
{
	local kernel

	kernel=$(tests/debug/kernel.sh um) &&
		sources '^(bitmap|dm-netmirror|include|tests/kunit)/.*\.[ch]$' |
		xargs "$kernel/tree/scripts/checkpatch.pl" --no-tree --file --terse --no-summary \
			--max-line-length=100 --ignore EMBEDDED_FUNCTION_NAME | none
}

ok "shellcheck has nothing to say" shellcheck_is_silent
ok "checkpatch has nothing to say about the module" checkpatch_is_silent
ok "mandoc has nothing to say" mandoc_is_silent
ok "the compiler with W=1 and sparse have nothing to say" module_builds_silently
done_testing
