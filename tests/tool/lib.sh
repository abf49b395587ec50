# SPDX-License-Identifier: GPL-2.0-only
# TAP for the tests of netmirrorctl; sourced.  Each test runs in a directory of
# its own, in which the tool looks for etc/netmirror, dev/netmirror and dm.
# shellcheck shell=bash disable=SC2034

set -u
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TOP=$(cd "$HERE/../.." && pwd)
NM_TOOL=${NM_TOOL:-$TOP/build/tool-test/netmirrorctl}
WORK=$(mktemp -d)
trap 'cd /; rm -rf "$WORK"' EXIT
cd "$WORK" || exit 1
export NM_FAKE_DM=$WORK/dm LC_ALL=C
unset NO_COLOR
mkdir -p etc/netmirror dm
nr=0
nr_printed=0

if [ ! -x "$NM_TOOL" ]; then
	echo "Bail out! there is no $NM_TOOL: run make in tests/tool"
	exit 1
fi

# result TRUE? NAME: one line of TAP, the last run's output when it failed
result() {
	nr=$((nr + 1))
	if [ "$1" = 0 ]; then
		echo "ok $nr - $2"
		return
	fi
	echo "not ok $nr - $2"
	sed 's/^/# stdout: /' out
	sed 's/^/# stderr: /' err
}

# keep_json COMMAND FILE: what it printed is held against its schema in the end
keep_json() {
	mkdir -p printed
	cp "$2" "printed/$((++nr_printed)).$1"
}

# run COMMAND ARGS: sets $status, leaves the files out and err
run() {
	timeout 300 "$NM_TOOL" "$@" >out 2>err </dev/null
	status=$?
	case " $* " in
	*" --json "*) [ -s out ] && keep_json "$1" out ;;
	esac
}

# exits CODE NAME ARGS: the tool ends with that code; an error has a sentence
exits() {
	local want=$1 name=$2 bad=0
	shift 2
	run "$@"
	[ "$status" = "$want" ] || bad=1
	grep -q Sanitizer err && bad=1
	case $want in
	0|3) ;;
	*) grep -q '^netmirrorctl: ' err || bad=1 ;;
	esac
	[ $bad = 0 ] || echo "# exit code $status, expected $want: $*"
	result $bad "$name"
}

# refuses CODE NAME PATTERN ARGS: and the sentence says so
refuses() {
	local want=$1 name=$2 pattern=$3 bad=0
	shift 3
	run "$@"
	[ "$status" = "$want" ] || bad=1
	grep -qE -- "$pattern" err || bad=1
	grep -q Sanitizer err && bad=1
	[ $bad = 0 ] || echo "# exit code $status, expected $want and /$pattern/"
	result $bad "$name"
}

# prints NAME PATTERN: the last run's stdout has it
prints() {
	grep -qE -- "$2" out
	result $? "$1"
}

# is NAME GOT WANT
is() {
	local bad=0
	[ "$2" = "$3" ] || bad=1
	[ $bad = 0 ] || printf '# got "%s", expected "%s"\n' "$2" "$3"
	result $bad "$1"
}

# json NAME EXPRESSION: of the last run's stdout, true by jq, to which nothing is true
json() {
	[ -s out ] && jq -e "$2" out >/dev/null
	result $? "$1"
}

done_testing() {
	if [ "$nr_printed" -gt 0 ]; then
		"$HERE/validate.py" "$TOP/userspace/netmirrorctl/schema" printed/* \
			>out 2>err
		result $? "what --json printed is as the schemas say"
	fi
	echo "1..$nr"
}

# leg FILE SIZE: a new empty leg
leg() {
	rm -f "$1"
	truncate -s "$2" "$1"
}

UUID=5a0c1f6e-9f5b-4c6f-8a55-0123456789ab
UUID2=7b1d2e3f-0000-4111-8222-0123456789ab

# good_config: a configuration that every command takes, on stdout
good_config() {
	cat <<-END
	[mirror]
	uuid = $UUID
	size = 16M
	link = rdma
	[node alpha]
	id = 0
	address = 10.77.0.1:7790
	leg = $WORK/a
	metadata = internal
	[node beta]
	id = 1
	address = [fd00::2]:7791
	leg = $WORK/b
	[options]
	timeout = 2s
	END
}
