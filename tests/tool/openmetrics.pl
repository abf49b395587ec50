#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# openmetrics.pl FILE: is this OpenMetrics text, in the part of it that the textfile
# collector of a node exporter reads as well? Prints what is wrong.

use strict;
use warnings;

my (%type, %unit, %help, %done, %seen, $family, $ended);
my $bad = 0;
my $name_re = qr/[a-zA-Z_:][a-zA-Z0-9_:]*/;
my $label_re = qr/[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"/;

sub wrong
{
	print "line $.: $_[0]\n";
	$bad = 1;
}

# The lines of a family follow each other, its metadata first.
sub enter
{
	my ($name) = @_;

	return if defined($family) && $family eq $name;
	wrong("$name comes again") if $done{$name}++;
	$family = $name;
}

open(my $file, "<", $ARGV[0]) or die "$ARGV[0]: $!\n";
while (my $line = <$file>) {
	wrong("the line has no end") unless chomp($line);
	wrong("there is more behind # EOF") if $ended;
	if ($line eq "# EOF") {
		$ended = 1;
	} elsif ($line =~ /^# (TYPE|UNIT|HELP) ($name_re) (.+)$/) {
		my ($what, $name, $text) = ($1, $2, $3);
		my $known = { TYPE => \%type, UNIT => \%unit, HELP => \%help }->{$what};

		enter($name);
		wrong("# $what of $name is behind a sample") if $seen{$name};
		wrong("# $what of $name comes again") if defined($known->{$name});
		$known->{$name} = $text;
		wrong("$name has the type $text") if $what eq "TYPE" && $text !~ /^(gauge|counter)$/;
		wrong("$name does not end with _$text") if $what eq "UNIT" && $name !~ /_\Q$text\E$/;
		wrong("$name is a total in itself") if $what eq "TYPE" && $name =~ /_total$/;
	} elsif ($line =~ /^($name_re)\{($label_re(?:,$label_re)*)\} (\S+)$/) {
		my ($name, $labels, $value) = ($1, $2, $3);
		my %label;

		if ($name =~ s/_total$//) {
			wrong("$name is no counter") unless ($type{$name} // "") eq "counter";
		} else {
			wrong("$name is a counter without _total") if ($type{$name} // "") eq "counter";
		}
		enter($name);
		wrong("$name has no # TYPE") unless $type{$name};
		wrong("$name has no # HELP") unless $help{$name};
		wrong("$name has a unit but no # UNIT") if $name =~ /_(bytes|seconds)$/ && !$unit{$name};
		wrong("$line comes again") if $seen{$name}{$labels}++;
		while ($labels =~ /(\w+)=/g) {
			wrong("the label $1 comes again: $line") if $label{$1}++;
		}
		wrong("$value is no number") unless $value =~ /^-?\d+(\.\d+)?(e[+-]\d+)?$/;
		wrong("a counter is negative") if ($type{$name} // "") eq "counter" && $value < 0;
	} else {
		wrong("not understood: $line");
	}
}
unless ($ended) {
	print "there is no # EOF\n";
	$bad = 1;
}
foreach my $name (keys(%type)) {
	next if $seen{$name};
	print "$name has no sample\n";
	$bad = 1;
}
exit($bad);
