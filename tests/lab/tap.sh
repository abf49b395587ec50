# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# tap.sh - Test Anything Protocol for scenarios, which prove runs. Source it before
# lab.sh: what the lab does is then shown as "# node1$ command" lines.
#
#   plan COUNT                    first, unless done_testing is last
#   ok NAME COMMAND...            passes if the command succeeds; its output is shown
#                                 when it does not. Runs in this shell, without stdin.
#   nok NAME COMMAND...           passes if the command fails
#   status_is WANT NAME COMMAND...   passes if that is its exit status
#   is GOT WANT NAME              isnt GOT BAD NAME
#   like GOT REGEX NAME           unlike GOT REGEX NAME      (extended, as [[ =~ ]])
#   at_most GOT LIMIT NAME        integers
#   pass NAME                     fail NAME
#   diag TEXT...                  a comment
#   bail_out REASON               ends the script as failed, and prove with it
#   done_testing                  last: prints the plan, fails if a test failed
#   millis                        prints a clock, in milliseconds
#
# A test returns 0 when it passed, so that "ok ... || diag ..." works.

exec {tap__fd}>&1
# shellcheck disable=SC2034 # for lab.sh
LAB_TRACE_FD=$tap__fd
tap__count=0
tap__failures=0
tap__planned=

tap__print()
{
	printf '%s\n' "$1" >&"$tap__fd"
}

diag()
{
	tap__print "# ${*//$'\n'/$'\n'# }"
}

plan()
{
	tap__planned=$1
	tap__print "1..$1"
}

# "#" would begin a directive
pass()
{
	tap__count=$((tap__count + 1))
	tap__print "ok $tap__count - ${1//\#/}"
}

# Where it failed is the innermost line outside of this file.
fail()
{
	local i=0

	tap__count=$((tap__count + 1))
	tap__failures=$((tap__failures + 1))
	tap__print "not ok $tap__count - ${1//\#/}"
	while [ "${BASH_SOURCE[i]-}" = "${BASH_SOURCE[0]}" ]; do i=$((i + 1)); done
	# standard error too, which prove shows without -v
	echo "#   failed: $1 (${BASH_SOURCE[i]-} line ${BASH_LINENO[i-1]})" >&2
	return 1
}

tap__details()
{
	sed 's/^/#   /' >&2
	return 1
}

tap__run()
{
	tap__out=$(mktemp)
	"$@" </dev/null >"$tap__out" 2>&1
	tap__status=$?
}

tap__verdict()
{
	local status=0

	if [ "$1" = 0 ]; then
		pass "$2"
	else
		fail "$2"
		{ echo "exit status $tap__status of: ${*:3}"; tail -n 40 "$tap__out"; } | tap__details
		status=1
	fi
	rm -f "$tap__out"
	return "$status"
}

ok()
{
	tap__run "${@:2}"
	tap__verdict "$tap__status" "$@"
}

nok()
{
	tap__run "${@:2}"
	tap__verdict "$((tap__status == 0))" "$@"
}

status_is()
{
	tap__run "${@:3}"
	tap__verdict "$((tap__status != $1))" "${@:2}"
}

is()
{
	if [ "$1" = "$2" ]; then pass "$3"; return; fi
	fail "$3" || printf 'got:  %s\nwant: %s\n' "$1" "$2" | tap__details
}

isnt()
{
	if [ "$1" != "$2" ]; then pass "$3"; return; fi
	fail "$3" || printf 'got it: %s\n' "$1" | tap__details
}

like()
{
	if [[ $1 =~ $2 ]]; then pass "$3"; return; fi
	fail "$3" || printf 'got:  %s\nwant: /%s/\n' "$1" "$2" | tap__details
}

unlike()
{
	if ! [[ $1 =~ $2 ]]; then pass "$3"; return; fi
	fail "$3" || printf 'got:  %s\nbut not: /%s/\n' "$1" "$2" | tap__details
}

at_most()
{
	if [ "$1" -le "$2" ]; then pass "$3"; return; fi
	fail "$3" || printf 'got:  %s\nat most: %s\n' "$1" "$2" | tap__details
}

bail_out()
{
	tap__print "Bail out! $1"
	exit 255
}

done_testing()
{
	[ -n "$tap__planned" ] || plan "$tap__count"
	[ "$tap__failures" = 0 ] && [ "$tap__count" = "$tap__planned" ]
}

millis()
{
	echo $((${EPOCHREALTIME/[.,]/} / 1000))
}
