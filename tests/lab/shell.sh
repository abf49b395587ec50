#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# shell.sh [KERNEL] - two guests to play with (make lab-shell): a tmux session with a
# shell in each, or without tmux the commands to log in with. Ends when you leave.
# LAB_KEEP=1 keeps the directory, disks and all.
#
# tests/lab/mirror-up.sh, if there is one, is sourced when the guests are up.

set -u
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=lab.sh
. "$here/lab.sh"

lab_init "$@" && lab_boot 1 2 || exit 1
if [ -e "$here/mirror-up.sh" ]; then
	# shellcheck source=/dev/null
	. "$here/mirror-up.sh"
fi

# A login outlives any lab_run: it has a connection and a terminal of its own.
login="ssh -t -S none -F $(printf %q "$LAB_DIR/ssh_config")"
cat <<END
$LAB_KVER on node1 and node2; /nm is ${LAB_NM:-build/}, /host is $(lab_host)
consoles: tail -F $LAB_DIR/console.?
log in:   $login node1
          $login node2
END
if command -v tmux >/dev/null && [ -t 0 ]; then
	# a server of its own, also from within another tmux
	TMUX='' tmux -L "nmlab-$$" new-session "$login node1" \; \
		split-window -h "$login node2" \; select-pane -L
else
	echo "Ctrl-C or end of input ends it."
	cat >/dev/null
fi
# Nobody asked for a verdict here.
lab_check_consoles || :
# shellcheck disable=SC2034 # for lab.sh
lab__failed=0
