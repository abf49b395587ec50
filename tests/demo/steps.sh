# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# steps.sh - what the demo prints. Sourced behind mirror.sh, whose TAP it replaces.
#
#   step TEXT               a new step
#   say TEXT                a plain line
#   must WHAT COMMAND...    does it; says WHAT, or ends the demo with what went wrong
#   result WHAT VALUE       a line of the summary
#   summary                 prints them
#   seconds_since MILLIS    with one decimal

unset LAB_TRACE_FD
steps__begin=$(millis)
steps__nr=0
steps__results=()

seconds_since()
{
	awk -v ms=$(($(millis) - $1)) 'BEGIN { printf "%.1f", ms / 1000 }'
}

step()
{
	steps__nr=$((steps__nr + 1))
	printf '\n%6s s  %s. %s\n' "$(seconds_since "$steps__begin")" "$steps__nr" "$1"
}

say()
{
	printf '          %s\n' "$1"
}

steps__fail()
{
	printf '  FAILED  %s\n' "$1"
	exit 1
}

bail_out()
{
	steps__fail "$1"
}

must()
{
	local out status=0

	out=$(mktemp)
	"${@:2}" </dev/null >"$out" 2>&1 || status=$?
	if [ "$status" != 0 ]; then
		tail -n 30 "$out"
		rm -f "$out"
		steps__fail "$1 (exit status $status of: ${*:2})"
	fi
	rm -f "$out"
	printf '      ok  %s\n' "$1"
}

result()
{
	steps__results+=("$1" "$2")
	say "$1: $2"
}

summary()
{
	printf '\nEverything held. In %s s:\n\n' "$(seconds_since "$steps__begin")"
	printf '  %-58s %s\n' "${steps__results[@]}"
}
