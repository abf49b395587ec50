#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# guide.pl DOCUMENT: the commands of a document, one a line, as "NODE<tab>COMMAND" from
# the literal block behind ".. on: NODE", or "do<tab>WORDS" from ".. do: WORDS". A
# literal block of commands that belongs to no node is an error.

use strict;
use warnings;

my ($node, $block, $command) = ("", 0, "");

while (<>) {
	if (/^\.\. on: (\w+)$/) {
		die("line $.: the one before has no commands\n") if $node ne "" && !$block;
		($node, $block) = ($1, 0);
	} elsif (/^\.\. do: (.*)$/) {
		($node, $block) = ("", 0);
		print("do\t$1\n");
	} elsif (/^::$/) {
		die("line $.: on which node?\n") if $node eq "";
		$block = 1;
	} elsif ($block && /^    (?: {4})?(.*?)( \\)?$/) {
		$command .= $command eq "" ? $1 : " $1";
		next if $2;
		print("$node\t$command\n");
		$command = "";
	} elsif ($block && /^\S/) {
		($node, $block) = ("", 0);
	}
}
