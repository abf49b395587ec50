#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Completion in bash and zsh: what either offers after the same words.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

dir=$TOP/userspace/netmirrorctl/completion
mkdir -p bin
ln -s "$NM_TOOL" bin/netmirrorctl
export PATH=$WORK/bin:$PATH
good_config | sed "s/alpha/$(hostname)/" >etc/netmirror/r0.conf
good_config | sed "s/alpha/$(hostname)/; s/$UUID/$UUID2/" >etc/netmirror/backup.conf
leg a 32M
run create r0
run up r0
touch here-it-is

# in_bash WORD... / in_zsh WORD...: what is offered, sorted, in one line
in_bash()
{
	bash -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
		_netmirrorctl; printf "%s\n" "${COMPREPLY[@]}"' - \
		"$dir/netmirrorctl" "$@" | sort | xargs
}

# zsh keeps what fits the word by itself: here it is done for it.
in_zsh()
{
	zsh -f -c 'source=$1; shift
		compset() { prefix=${words[CURRENT]%${words[CURRENT]##*[,+-]}}; }
		compadd() { shift; for w in "$@"; do
			[[ $prefix$w == ${words[CURRENT]}* ]] && print -r -- $prefix$w; done; }
		_files() { local -a f=(${words[CURRENT]}*(N)); print -rl -- $f; }
		prefix= words=("$@") CURRENT=$#
		. $source' - "$dir/_netmirrorctl" "$@" | sort | xargs
}

# both NAME EXPECTED WORD...
both()
{
	local name=$1 want=$2

	shift 2
	is "bash: $name" "$(in_bash "$@")" "$want"
	is "zsh: $name" "$(in_zsh "$@")" "$want"
}

run help
commands=$(sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p' out)
both "every command" "$(sort <<<"$commands" | xargs)" netmirrorctl ""
both "a command begun" "resize resync" netmirrorctl res
both "behind an option" "resize resync" netmirrorctl --node x res
both "what help explains" "resize resync" netmirrorctl help res
for c in $commands; do
	run help "$c"
	both "the options of $c" \
		"$(sed -n 's/^  \(--[a-z-]*\).*/\1/p' out | sort | xargs)" \
		netmirrorctl "$c" --
done
both "mirrors, up or not" "backup r0" netmirrorctl status ""
both "mirrors for a command that takes many" "backup r0" netmirrorctl events ""
both "a mirror begun" "r0" netmirrorctl promote --force r
both "what resize takes" "max" netmirrorctl resize r0 ""
both "a device" "here-it-is" netmirrorctl probe here
both "a leg" "here-it-is" netmirrorctl replace-leg r0 --leg here
both "a link" "loop rdma" netmirrorctl create r1 --link ""
both "a column" "peer peer_address peer_leg peer_role percent" netmirrorctl list -o pe
both "a column behind others" "name,size" netmirrorctl list -o name,si
both "one more column" "+health" netmirrorctl list -o +he
both "no value that is made up" "" netmirrorctl wait-sync r0 --timeout ""
both "nothing behind the last word" "" netmirrorctl status r0 ""

# As a shell loads it: from its directory, on a terminal.
zsh -f -c 'zmodload zsh/zpty
	zpty z "TERM=dumb PS1= zsh -f"
	zpty -w z "fpath=($1 \$fpath); autoload -U compinit; compinit -u -D; PS1=; print rea\"\"dy"
	zpty -r z text "*ready*"
	zpty -w -n z "netmirrorctl status bac"$'"'\t'"'
	zpty -r -t z text "*"; repeat 600; do
		sleep 0.1; zpty -r -t z more && text+=$more
		[[ $text == *backup* ]] && break; done
	print -r -- $text; zpty -d z' - "$dir" >out 2>err </dev/null
prints "zsh completes on a terminal" 'status backup'
done_testing
