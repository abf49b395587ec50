#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# links: loop rdma
# check: 6.1-rdma 6.12-loop
#
#   r0-a <-- link --> r0-b
#             ^
#          strangers, over RDMA: in guest 1, and as a node "a" of their own in guest 2
#
# Nodes with the same secret connect.  Where the secrets differ, or one node has none,
# they stay apart, say why, and nothing changes on disk (I9).  Strangers neither get in
# nor disturb those who are; a peer that lost its session gets in at once (I10).

set -u
# shellcheck source=mirror.sh
. "$(dirname "$(readlink -f "$0")")/mirror.sh"

LAB_LEG_SIZE=64M
LAB_DISKS="stranger:64M"
mirror_boot

# config NODE SECRET [SED-EXPRESSION]: the configuration of the node with that secret,
# a number, or none; each node has its own, since over loop both are in one guest
config()
{
	local edit=

	[ "$2" = none ] || edit="/^link/a secret-file = /etc/netmirror/$1.key"
	on "$1" "sed '$edit' /host/r0.conf | sed '${3-}' >/etc/netmirror/$1.conf
		umask 077; printf %064d '${2/none/0}' >/etc/netmirror/$1.key"
}

# up NODE SECRET
up()
{
	config "$1" "$2" && ctl "$1" up --config "/etc/netmirror/$1.conf"
}

down()
{
	ctl a down && ctl b down
}

said()
{
	on "$1" dmesg | grep "r0-$1: $2"
}

clear_logs()
{
	on a 'dmesg -C' && on b 'dmesg -C'
}

# with-key NAME PAYLOAD COMMAND...: the command, with a logon key in its session keyring
for node in a b; do
	on "$node" 'cat >/run/with-key && chmod +x /run/with-key' <<-'END'
		#!/usr/bin/perl
		my $type = "logon";
		my $name = shift(@ARGV);
		my $payload = shift(@ARGV);
		syscall(248, $type, $name, $payload, length($payload), -3) > 0 or die "add_key: $!\n";
		exec(@ARGV);
	END
done

# --- the same secret -------------------------------------------------------

ok "the leg of a is made" ctl a create --source
ok "the leg of b is made" ctl b create
ok "a is up" up a 1
ok "b is up" up b 1
ok "they connect" until_st 15 a link connected
ok "and are in sync" lab_until 60 in_sync
ok "the legs are the same" same_legs
like "$(on a 'dmsetup table ${DEV##*/}')" " secret netmirror:r0( |\$)" "the table names the secret"
like "$(on a 'dmsetup status ${DEV##*/}')" " secret netmirror:r0 " "and so does the status"
unlike "$(on a 'dmsetup table ${DEV##*/}; dmsetup status ${DEV##*/}; dmesg')" "0{60}1" "nobody prints it"
ok "a is promoted" ctl a promote
ok "and written" on a 'dd if=/dev/urandom of=$DEV bs=1M count=8 oflag=direct'
ok "the nodes part" ctl a disconnect
ok "and meet again" ctl a connect
ok "they connect" until_st 15 a link connected
ok "and are in sync" lab_until 60 in_sync

# --- strangers -------------------------------------------------------------

# stranger CHANNEL FLAGS [COUNT]: connects to b with private data as node 0 sends them
stranger()
{
	local uuid=0b5fd2e47a4c4a5e9d0c3c1f0e6b7a21 hex

	hex=4d520100${1}020001${uuid}0807060504030201${4-1000}${2}00400000
	on a "perl - 10.77.0.2 7790 $hex$(printf '%032d' 0) ${3-1}" <"$top/tests/scripts/stranger.pl"
}

undisturbed()
{
	is "$(st a link)/$(st b link) $(st a link_losses)/$(st b link_losses)" \
		"connected/connected $losses" "$1: the session stands"
}

if [ "$LINK" = rdma ]; then
	losses=$(st a link_losses)/$(st b link_losses)
	load a busy --rw=randwrite --bs=4k --iodepth=8 --size=60M --norandommap --time_based --runtime=300
	clear_logs
	is "$(stranger 00 0000)" "refused 22" "a stranger without a secret is refused"
	ok "b says so" said b "refused the node at 10.77.0.1:.*: it has no secret, this node has one"
	undisturbed "without a secret"
	is "$(stranger 02 0100)" "refused 13" "a channel of a session that there is not is refused"
	undisturbed "a channel"
	out=$(stranger 00 0100)
	diag "$out"
	like "$out" "^connected.dropped after [0-9]+\$" "one that says nothing is dropped"
	at_most "${out##* }" 3500 "within the timeout, which is 2 s"
	ok "b says so" said b "the node at 10.77.0.1:.* did not prove within 2000 ms"
	undisturbed "silent"
	out=$(stranger 00 0100 9)
	diag "$out"
	like "$out" "refused 13" "many at a time are too many"
	undisturbed "many"

	# A node 0 that lacks nothing but the secret, on a copy of a's leg.
	ok "the leg of a is copied to guest 2" on b "
		sed 's/virtio-leg/virtio-stranger/; /^address = 10.77.0.1/s/1:7790/9:7790/' \
			/host/r0.conf >/etc/netmirror/x.conf
		netmirrorctl create r0 --node a --config /etc/netmirror/x.conf --yes"
	table=$(on b 'netmirrorctl up r0 --node a --config /etc/netmirror/x.conf --dry-run' |
		sed -n "s/.*--table '\\(.*\\)'\$/\\1/p")
	for secret in none other; do
		clear_logs
		if [ $secret = none ]; then
			ok "it is started without a secret" on b "dmsetup create r0-x --table '$table'"
		else
			ok "it is started with another secret" on b "
				/run/with-key netmirror:x 0123456789abcdef0123456789abcdef \
				dmsetup create r0-x --table '${table/ 0 4 / 0 6 secret netmirror:x }'"
		fi
		ok "it is refused" lab_until 10 on b 'dmsetup status r0-x | grep refused:auth'
		ok "and is told why" on b \
			'dmesg | grep "r0-x: stands alone: the peer could not prove that it knows the secret"'
		ok "b says whom it refused" said b "refused the node at 10.77.0.2"
		undisturbed "$secret secret"
		ok "it goes away" on b 'dmsetup remove r0-x'
	done
	lab_stop busy INT
	lab_wait busy 20
	like "$(cat "$(lab_out busy)")" "err= 0" "no write failed"
fi
ok "a is demoted" lab_until 5 ctl a demote
ok "both are down" down

# --- other secrets ---------------------------------------------------------

# apart SECRET-A SECRET-B WORDS-OF-B: both nodes stay apart and say why.  Over RDMA
# node 1 goes on listening.
apart()
{
	local before

	clear_logs
	before=$(md_sums)
	ok "$1/$2: a is up" up a "$1"
	ok "$1/$2: b is up" up b "$2"
	ok "$1/$2: a is refused" until_st 15 a link refused:auth
	ok "$1/$2: a says why" said a \
		"stands alone: the peer could not prove that it knows the secret; load the mirror with"
	if [ "$LINK" = loop ]; then
		ok "$1/$2: b is refused" until_st 5 b link refused:auth
		ok "$1/$2: b says why" said b "stands alone: the peer could not prove"
	else
		is "$(st b link)" connecting "$1/$2: b looks on"
		ok "$1/$2: b says why" said b "refused the node at 10.77.0.1:.*: $3"
	fi
	is "$(md_sums)" "$before" "$1/$2: nothing changed on disk"
}

apart 1 2 "the peer could not prove that it knows the secret"
like "$(ctl a status 2>&1 | tr -s ' \n' ' ')" "must be the same on both nodes" \
	"the tool's status says what to do"
ok "both are down" down
apart 1 none "it has a secret, this node has none"
ok "both are down" down
apart none 1 "it has no secret, this node has one"

ok "b goes down" ctl b down
ok "b is up without a secret" up b none
ok "a is told to connect" ctl a connect
ok "they connect" until_st 15 a link connected
ok "both are down" down

ok "b is up with a secret" up b 1
ok "a is up with another one" up a 2
ok "a is refused" until_st 15 a link refused:auth
ok "a goes down" ctl a down
ok "a is up with the right secret" up a 1
[ "$LINK" = rdma ] || ok "b is told to connect" ctl b connect
ok "they connect" until_st 15 a link connected
ok "and are in sync" lab_until 60 in_sync
ok "the legs are the same" same_legs

# --- a peer that comes back before it is missed ------------------------------

if [ "$LINK" = rdma ]; then
	ok "both are down" down
	clear_logs
	ok "b has patience" config b 1 's/^timeout.*/timeout = 60s/'
	ok "b is up" ctl b up --config /etc/netmirror/b.conf
	ok "a is up" up a 1
	ok "they connect" until_st 15 a link connected
	lab_link_cut 1
	ok "a notices that the link is cut" lab_until 10 said a "lost the peer"
	is "$(st b link)" connected "b does not"
	lab_link_heal 1
	ok "they connect" until_st 10 a link connected
	ok "since b let the new session in" said b "lost the peer: the peer opened a new session"
fi

# --- keys ------------------------------------------------------------------

ok "both are down" down
good=$(table_of a)
good="${good% 0 [0-9]* *} 0 2 secret"

# key WORDS NAME-IN-TABLE NAME PAYLOAD: a table with that key in the session keyring
key()
{
	ok "key \"$2\", there is $3 of ${#4} bytes" refuses a "$1" \
		"/run/with-key $3 $4 dmsetup create t --table '$good $2'"
}

key "cannot use the logon key 'netmirror:t': error -126" netmirror:t netmirror:u 0123456789abcdef
key "cannot use the logon key 'netmirror:t'" netmirror:t netmirror:tt 0123456789abcdef
key "must have from 16 to 64 bytes" netmirror:t netmirror:t 0123456789abcde
key "must have from 16 to 64 bytes" netmirror:t netmirror:t "$(printf '%065d' 0)"
key "cannot use the logon key 't'" t netmirror:t 0123456789abcdef
ok "16 bytes are enough" on a \
	"/run/with-key netmirror:t 0123456789abcdef dmsetup create t --table '$good netmirror:t'"
like "$(on a 'dmsetup table t')" " secret netmirror:t\$" "the table names the key"
ok "which is not needed any more" on a 'dmsetup suspend t && dmsetup resume t && dmsetup remove t'
mirror_done
