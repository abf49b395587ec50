#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The command line, and whether help, manual and completion agree with it.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

exits 0 "help" help
commands=$(sed -n 's/^  \([a-z-]*\) .*/\1/p' out)
is "help lists the commands" "$(echo "$commands" | wc -l)" \
	"$(grep -cE '^	\{ "[a-z-]+", nm_cmd_' "$TOP/userspace/netmirrorctl/main.c")"
exits 0 "--help" --help
exits 0 "version" version
prints "the version has a number" '^netmirrorctl [0-9]+\.[0-9]+'
exits 0 "-V" -V
for c in $commands; do
	exits 0 "help $c" help "$c"
	prints "help $c says how" "^usage: netmirrorctl $c"
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
refuses 2 "a name that is missing" 'the usage is' status
refuses 2 "a name too many" 'the usage is' status r0 r1
refuses 2 "both kinds of promotion" 'one of them' promote r0 --force --peer-fenced
refuses 2 "both kinds of content" 'one of them' create r0 --source --assume-clean
refuses 2 "a name that is none" 'no name for a mirror' status ../r0
refuses 2 "a time that is none" 'number of seconds' wait-sync r0 --timeout soon
refuses 2 "list with --config" 'names one' list --config x

man=$TOP/userspace/netmirrorctl/man/netmirrorctl.8
completion=$TOP/userspace/netmirrorctl/completion/netmirrorctl
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

# shellcheck disable=SC2016
completed=$(bash -c '. "$1"; COMP_WORDS=(netmirrorctl ""); COMP_CWORD=1
	_netmirrorctl; echo "${COMPREPLY[@]}"' - "$completion")
is "the completion has every command" "$completed" "$(echo "$commands" | xargs)"
for c in $commands; do
	run help "$c"
	# shellcheck disable=SC2016
	completed=$(bash -c '. "$1"; COMP_WORDS=(netmirrorctl "$2" --); COMP_CWORD=2
		_netmirrorctl; echo "${COMPREPLY[@]}"' - "$completion" "$c")
	is "the completion has the options of $c" \
		"$(echo "$completed" | tr ' ' '\n' | sort | xargs)" \
		"$(sed -n 's/^options: //p' out | tr ' ' '\n' | sort | xargs)"
done
if command -v mandoc >/dev/null; then
	for page in netmirrorctl.8 netmirror.conf.5; do
		is "$page is clean" "$(mandoc -Tlint -W warning \
			"$TOP/userspace/netmirrorctl/man/$page" 2>&1)" ""
	done
fi
done_testing
