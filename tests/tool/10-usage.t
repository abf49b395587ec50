#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The command line, and whether help and manual agree with it.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

exits 0 "help" help
commands=$(sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p' out)
is "help lists the commands" "$(echo "$commands" | xargs)" \
	"$(sed -n 's/^	{ "\([a-z-]*\)", nm_cmd.*/\1/p' "$TOP/userspace/netmirrorctl/main.c" | xargs)"
exits 0 "--help" --help
exits 0 "version" version
prints "the version has a number" '^netmirrorctl [0-9]+\.[0-9]+'
exits 0 "-V" -V
for c in $commands; do
	exits 0 "help $c" help "$c"
	prints "help $c says how" "^usage: netmirrorctl $c"
	prints "help $c has an example" "^  netmirrorctl $c"
	is "help $c explains its options" "$(grep -cE '^  --[a-z-]+( [A-Z]+)?$' out)" 0
done
exits 0 "up --help" up --help

run
is "no command is a usage error" "$status" 2
refuses 2 "an unknown command" 'no command "frob"' frob
refuses 2 "help for an unknown command" 'no command "frob"' help frob
refuses 2 "an unknown option" '--frob is no option' status r0 --frob
refuses 2 "an option of another command" 'no option --watch' up r0 --watch
refuses 2 "an option of connect" 'no option --discard-my-changes' disconnect r0 --discard-my-changes
refuses 2 "an option twice" 'given twice' status r0 --json --json
refuses 2 "a value that is missing" 'needs a value' status r0 --config
refuses 2 "--wait for another command" 'no option --wait' resync r0 --wait
refuses 2 "a name that is missing" 'the usage is' detail
refuses 2 "a name too many" 'the usage is' detail r0 r1
refuses 2 "both kinds of promotion" 'one of them' promote r0 --force --peer-fenced
refuses 2 "both kinds of content" 'one of them' create r0 --source --assume-clean
refuses 2 "a name that is none" 'no name for a mirror' status ../r0
refuses 2 "a time that is none" 'number of seconds' wait-sync r0 --timeout soon
refuses 2 "list with --config" 'names one' list --config x

man=$TOP/userspace/netmirrorctl/man/netmirrorctl.8
missing=
for c in $commands; do
	grep -qE "^\.It Cm $c( |\$)" "$man" || missing="$missing $c"
done
is "the manual has every command" "$missing" ""
missing=
while read -r o; do
	grep -qE "Fl Fl $o( |\$)" "$man" || missing="$missing $o"
done < <(sed -n 's/.*\(FLAG\|VALUE\)(NM_OPT_[A-Z_]*, "\([a-z-]*\)").*/\2/p' \
	"$TOP/userspace/netmirrorctl/options.c")
is "the manual has every option" "$missing" ""

# The table of exit codes in the manual: "command codes"
codes=$(sed -n 's/^\.It \([a-z-]*\) Ta \([0-9 ]*\)$/\1 \2/p' "$man")
is "the table of exit codes has every command" "$(cut -d ' ' -f 1 <<<"$codes" | xargs)" \
	"$(echo "$commands" | xargs)"
takes_name=$(sed -n '/nm_commands\[\] = {/,/^};/p' "$TOP/userspace/netmirrorctl/main.c" |
	tr -d '\n' | grep -oE '\{ "[a-z-]+", nm_cmd[^}]*"NAME' | sed 's/{ "\([a-z-]*\)".*/\1/' | xargs)
for c in $takes_name; do
	args=r9
	case $c in
	resize) args="r9 max" ;;
	convert) args="r9 --undo" ;;
	esac
	# shellcheck disable=SC2086
	exits 4 "$c of a mirror that is not there: 4" "$c" $args
	grep -qE "^$c .*4" <<<"$codes"
	result $? "the table says so for $c"
	refuses 2 "$c without a name: 2" 'the usage is' "$c"
	refuses 2 "$c with an unknown option: 2" 'no option' "$c" r9 --frob
done
is "most commands take a name" "$(wc -w <<<"$takes_name" | sed 's/[2-9][0-9]/many/')" many
# Those that end with 5 may change something, and say what they would do.
while read -r c; do
	run help "$c"
	prints "$c takes --dry-run" '^  --dry-run'
done < <(sed -n 's/ .*5.*//p' <<<"$codes")
run list -o help
cut -d ' ' -f 1 out >columns
missing=
while read -r c; do
	grep -qE "^\.It Sy (.*, )?$c( |\$)" "$man" || missing="$missing $c"
done <columns
is "the manual has every column" "$missing" ""
if command -v mandoc >/dev/null; then
	for page in netmirrorctl.8 netmirror.conf.5 netmirror.7; do
		is "$page is clean" "$(mandoc -Tlint -W warning \
			"$TOP/userspace/netmirrorctl/man/$page" 2>&1)" ""
	done
fi
done_testing
