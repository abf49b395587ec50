#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# lose-writes.pl LOG DISK SEED - do to DISK what a log of writes says, as a disk with
# a volatile cache would that lost power at the end of the log: all writes up to the
# last flush, and of those after it some, some in part, in any order.
#
# The log is that of dm-log-writes and of QEMU's blklogwrites.  Its last entry is the
# flush of QEMU when the machine was stopped, which the guest never asked for.
use strict;
use warnings;

use constant { MAGIC => "rhswfsj\0", FLUSH => 1, DISCARD => 4 };

my ($log, $disk, $seed) = @ARGV;
srand $seed;
open my $in, '<:raw', $log or die "$log: $!\n";
open my $out, '+<:raw', $disk or die "$disk: $!\n";

sub get
{
	my $len = shift;
	my $data;
	my $got = read $in, $data, $len;
	return defined $got && $got == $len ? $data : undef;
}

my ($magic, $version, undef, $sector) = unpack 'a8Q<Q<V', get(512) // '';
die "$log: not a log of writes\n"
	unless defined $sector && $magic eq MAGIC && $version == 1;

# Where on the disk, how long, and where in the log; discarded: nowhere.
my @entries;
my $flush = -1;
while (defined(my $head = get($sector))) {
	my ($at, $nr, $flags) = unpack 'Q<Q<Q<', $head;
	last unless $nr || $flags;
	my %entry = (at => $at * $sector, len => $nr * $sector, flags => $flags);
	if ($nr && !($flags & DISCARD)) {
		$entry{from} = tell $in;
		seek $in, $entry{len}, 1;
	}
	push @entries, \%entry;
}
die "$log: the last entry is no flush\n"
	unless @entries && (pop @entries)->{flags} & FLUSH;
for my $i (0 .. $#entries) {
	$flush = $i if $entries[$i]{flags} & FLUSH;
}

sub data_of
{
	my $entry = shift;
	return "\0" x $entry->{len} unless defined $entry->{from};
	seek $in, $entry->{from}, 0;
	return get($entry->{len}) // die "$log: it ends within a write\n";
}

sub store
{
	my ($at, $data) = @_;
	seek $out, $at, 0 or die "$disk: $!\n";
	print $out $data or die "$disk: $!\n";
}

# What was flushed is there; of the rest some comes on top of it, in a random order.
store($_->{at}, data_of($_)) for @entries[0 .. $flush];
my ($kept, $torn, $lost) = (0, 0, 0);
for my $entry (map { $_->[1] } sort { $a->[0] <=> $b->[0] }
	       map { [ rand, $_ ] } @entries[$flush + 1 .. $#entries]) {
	my $dice = rand;
	if ($dice < 0.4) {
		$lost++;
	} elsif ($dice < 0.6) {
		my $data = data_of($entry);
		for (my $i = 0; $i < $entry->{len}; $i += $sector) {
			store($entry->{at} + $i, substr $data, $i, $sector)
				if rand() < 0.5;
		}
		$torn++;
	} else {
		store($entry->{at}, data_of($entry));
		$kept++;
	}
}
close $out or die "$disk: $!\n";
printf "%d of %d writes were flushed; of the rest %d kept, %d torn, %d lost\n",
	$flush + 1, scalar @entries, $kept, $torn, $lost;
