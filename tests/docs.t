#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# Do the tables in the documents say what the sources say? A table is known by a
# comment ".. table-of: NAME" before it; the first word of a row, or the words in the
# first column, are compared with what is found in the code.

use strict;
use warnings;
use Cwd qw(realpath);
use File::Basename qw(dirname);
use Test::More;

my $top = realpath(dirname($0) . "/..");

sub slurp
{
	my ($name) = @_;
	local $/;

	open(my $file, "<", "$top/$name") or die "$name: $!\n";
	return <$file>;
}

# Rows of a simple table, each a list of its cells; a row goes on in lines whose first
# cell is empty.
sub table
{
	my ($document, $name) = @_;
	my ($ruler, $body) = slurp("Documentation/$document") =~
		/^\.\. table-of: \Q$name\E\n\n((?:=+ *)+)\n(.*?)\n\1$/ms
		or die "$document has no table of $name\n";
	my (@start, @rows);

	push(@start, $-[0]) while $ruler =~ /=+/g;
	foreach my $line (split(/\n/, $body)) {
		my @cells = map {
			my $from = $start[$_];
			my $len = $_ < $#start ? $start[$_ + 1] - $from : length($line);
			my $cell = $from < length($line) ? substr($line, $from, $len) : "";
			$cell =~ s/^\s+|\s+$//gr;
		} 0 .. $#start;
		if ($cells[0] ne "") {
			push(@rows, [@cells]);
		} else {
			$rows[-1][$_] = join(" ", grep { $_ ne "" } $rows[-1][$_], $cells[$_])
				for 1 .. $#start;
		}
	}
	return @rows;
}

# The first COUNT cells of each row, as one string a row.
sub rows
{
	my ($document, $name, $count) = @_;

	return [map { join(" ", @{$_}[0 .. $count - 1]) } table($document, $name)];
}

# Part of a source between two patterns.
sub part
{
	my ($name, $from, $to) = @_;
	my ($text) = slurp($name) =~ /$from(.*?)$to/s or die "$name: no /$from/\n";

	return $text;
}

sub all
{
	my ($text, $regex) = @_;
	my @found;

	push(@found, join(" ", grep { defined } $1, $2)) while $text =~ /$regex/g;
	return \@found;
}

# The value of a C constant expression with constants of our headers.
sub value
{
	my ($expression) = @_;
	my $headers = slurp("include/netmirror/wire.h") . slurp("include/netmirror/disk.h");

	$expression =~ s{\b(NM_\w+)\b}{
		$headers =~ /^#define\s+$1\s+(\S+)/m ? $1 : die "$1 is not known\n"
	}ge;
	$expression =~ s/(\d)U(LL)?\b/$1/g;
	$expression =~ /^[\d\s<>*()-]+$/ or die "no constant: $expression\n";
	return eval($expression);
}

# enum NAME of a header: "WORD NUMBER" without the prefix of its members
sub enum
{
	my ($header, $name, $prefix) = @_;

	return all(part($header, "enum $name \\{", "\\};"), qr/$prefix(\w+)\s*= (\d+)/);
}

my $guide = "dm-netmirror.rst";

# --- the table line ---------------------------------------------------------

my $keys = part("dm-netmirror/table.c", "nm_table_keys\\[\\] = \\{", "\\{\\}\n\\};");
my @arguments;
while ($keys =~ /\{ "(\w+)", FIELD\([\w.]+\), ([^,]+), ([^,]+),\s*([^,]+?) \}/g) {
	push(@arguments, join(" ", $1, value($2), value($3), value($4)));
}
is_deeply(rows($guide, "core arguments", 4), \@arguments,
	  "core arguments, defaults and bounds are those of table.c");
my @choices;
while ($keys =~ /\{ "(\w+)", FIELD\(\w+\), \w+, 0,\s*\w+ - 1, (\w+) \}/g) {
	my $key = $1;

	push(@choices, map { "$key $_" } @{all(
		part("dm-netmirror/core/names.c", "\\b$2\\[\\w+ \\+ 1\\] = \\{", "\\};"),
		qr/= "([\w-]+)"/)});
}
is_deeply(rows($guide, "core choices", 2), \@choices,
	  "core arguments with a choice are those of table.c, and their words those of names.c");
is_deeply(rows($guide, "core words", 1),
	  all(part("dm-netmirror/table.c", "static int parse_core_arg\\(", "for \\("),
	      qr/strcasecmp\(word, "(\w+)"\)/),
	  "core arguments with a word are those of table.c");
is_deeply(rows($guide, "features", 1),
	  all(part("dm-netmirror/table.c", "static int parse_features", "\n}"),
	      qr/strcasecmp\(word, "(\w+)"\)/),
	  "features are those of table.c");

# --- status -----------------------------------------------------------------

my $counters = all(part("dm-netmirror/status.c", "counter_names", "\\};"), qr/= "(\w+)"/);
push(@$counters, @{all(part("dm-netmirror/status.c", "static void emit_info", "\n}"),
		       qr/DMEMIT\(" (\w+) %/)});
is_deeply(rows($guide, "counters", 1), $counters, "counters are those of status.c");
is_deeply([sort @{rows($guide, "sync actions", 1)}],
	  [sort @{all(part("dm-netmirror/status.c", "nm_status_sync\\(", "\n}"),
		      qr/return "(\w+)"/)}],
	  "sync actions are those of status.c");
my $links = all(part("dm-netmirror/core/state.c", "nm_link_state_name\\(", "\n}"),
		qr/\]\s*= "(\w+)"/);
push(@$links, @{all(slurp("dm-netmirror/status.c"), qr/"(\w+):%s"/)});
is_deeply(rows($guide, "link states", 1), $links, "link states are those of state.c");

is_deeply(rows($guide, "events", 1),
	  all(part("dm-netmirror/events.c", "codes\\[NM_NR_EVENTS\\] = \\{", "\\};"),
	      qr/= "(\w+)"/),
	  "events are those of events.c");

# --- messages and refusals --------------------------------------------------

my $target = slurp("dm-netmirror/target.c");
my @messages;
push(@messages, $2 ? "$1 $2" : $1)
	while $target =~ /\{ "(\w+)", (?:NULL|"(\w+)"),\s+\{ \.what/g;
push(@messages, @{all($target, qr/argc == \d && !strcasecmp\(argv\[0\], "(\w+)"\)/)});
is_deeply(rows($guide, "messages", 1), \@messages, "messages are those of target.c");

my $refusals = part("dm-netmirror/core/names.c", "\\} refusals\\[\\] = \\{", "\n\\};");
my (@sentences, @numbers);
my %number = map { split(/ /) } @{enum("include/netmirror/uapi.h", "nm_refusal",
				       "NM_REFUSE_")};
while ($refusals =~ /\[NM_REFUSE_(\w+)\] = \{\s*"([\w-]+)", "([^"]+)"/g) {
	push(@sentences, "$2 $3");
	push(@numbers, "$2 $number{$1}");
}
is_deeply(rows($guide, "refusals", 2), \@sentences,
	  "reasons of a refusal are those of names.c");
is_deeply(rows("wire-protocol.rst", "refusal numbers", 2), \@numbers,
	  "numbers of refusals are those of uapi.h");

# --- troubleshooting ----------------------------------------------------------

# A message with its specifiers or placeholders as "<>".
sub shape
{
	my ($text) = @_;

	$text =~ s/\\n$//;
	$text =~ s/%(?:%|\*?[a-z]+(?:[A-Z][A-Za-z]*)?)|<[^<>]*>/<>/g;
	return $text;
}

# The terms of the definition lists of a section, down to the next one.
sub terms
{
	my ($document, $from, $to) = @_;

	return all("\n" . part("Documentation/$document", "\n$from\n=+\n", "\n$to\n=+\n"),
		   qr/(?<=\n\n)(\S[^\n]*)(?=\n  \S)/);
}

my (%logged, %lost);
foreach my $path (map { s{^\Q$top\E/}{}r }
		  map { glob("$top/$_") } "dm-netmirror/*.c", "dm-netmirror/*/*.c") {
	my $text = slurp($path);

	while ($text =~ /\b(nm_err|nm_warn\w*|nm_info|nm_rdma_note|pr_\w+)
			 \((?:[^"(]|\([^)]*\))*?((?:"(?:[^"\\]|\\.)*"\s*)+)/gx) {
		my ($function, $strings) = ($1, $2);
		my $format = join("", $strings =~ /"((?:[^"\\]|\\.)*)"/g);

		$format =~ s/^%s: // if $function =~ /^pr_/;
		$logged{shape($format)} = 1;
	}
	$lost{$_} = 1 foreach @{all($text, qr/nm_(?:rdma_session_fail|link_down)\([^";]*"([^"]+)"/)};
}
is_deeply([sort(map { shape($_) } @{terms("troubleshooting.rst", "Messages of the kernel log",
					  "Why a peer is lost")})],
	  [sort(keys(%logged))], "troubleshooting.rst has each message of the module");
is_deeply([sort(@{terms("troubleshooting.rst", "Why a peer is lost", "Why a node stands alone")})],
	  [sort(keys(%lost))], "and each reason why a peer is lost");
my @advice;
while ($refusals =~ /"([\w-]+)", "([^"]+)",\s*"([^"]*)"/g) {
	push(@advice, [$1, $2, $3 eq "" ? "nothing" : $3]) unless $1 eq "none";
}
is_deeply([table("troubleshooting.rst", "advice")], \@advice, "and each refusal with its advice");

# --- wire and disk ----------------------------------------------------------

is_deeply(rows("wire-protocol.rst", "operations", 2),
	  enum("include/netmirror/wire.h", "nm_op", "NM_OP_"),
	  "operations are those of wire.h");
is_deeply(rows("wire-protocol.rst", "request flags", 2),
	  all(slurp("include/netmirror/wire.h"), qr/#define (NM_WF_\w+)\s+\(1U << (\d+)\)/),
	  "request flags are those of wire.h");
is_deeply(rows("wire-protocol.rst", "response status", 2),
	  [grep { !/MAX/ } @{all(slurp("include/netmirror/wire.h"),
				 qr/(NM_ST_\w+)\s*= (\d+)/)}],
	  "response status is that of wire.h");
foreach (["superblock", "nm_sb_disk"], ["mark block", "nm_mark_disk"]) {
	my ($name, $struct) = @$_;

	is_deeply(rows("disk-format.rst", $name, 2),
		  all(part("include/netmirror/disk.h", "struct $struct \\{", "\n\\};"),
		      qr{\s(\w+)(?:\[\w+\])*;\s*/\*\s*(\d+)}),
		  "fields of the $name are those of disk.h");
}
is_deeply(rows("disk-format.rst", "superblock flags", 2),
	  all(slurp("include/netmirror/disk.h"), qr/#define (NM_SBF_\w+)\s+\(1U << (\d+)\)/),
	  "superblock flags are those of disk.h");

# --- Pacemaker ---------------------------------------------------------------

my %scores = map { $_ => 1 } @{all(part("cluster/cluster.sh", "\nnm_score\\(\\)", "\n}"),
				   qr/\becho (\d+)/)}, "none";
is_deeply([sort @{rows("pacemaker.rst", "promotion scores", 1)}], [sort keys(%scores)],
	  "promotion scores are those of cluster.sh");

# --- packages -----------------------------------------------------------------

is_deeply(rows("packaging.rst", "packages", 1), all(slurp("debian/control"), qr/^Package: (\S+)/m),
	  "packages are those of debian/control");

# --- what README and the guide name ------------------------------------------

my $readme = slurp("README");
my $makefile = slurp("Makefile");
foreach my $word (@{all($readme, qr/^    make ([\w-]+)/m)}) {
	like($makefile, qr/^\Q$word\E:/m, "make $word exists");
}
foreach my $path (@{all($readme, qr{(?<![\w/])((?:[\w-]+/)+[\w.-]*(?<!\.))})}) {
	next unless $path =~ m{^(include|bitmap|dm-netmirror|userspace|cluster|tests|Documentation)/};
	ok(-e "$top/$path", "$path exists");
}
my $main = slurp("userspace/netmirrorctl/main.c") . slurp("userspace/netmirrorctl/cmd-message.c");
foreach my $command (@{all($readme, qr/^ +netmirrorctl (\w+)|"netmirrorctl (\w+)/m)}) {
	like($main, qr/"\Q$command\E"/, "netmirrorctl $command exists");
}

# --- the page on LIO -----------------------------------------------------------

my $lio = slurp("Documentation/lio.rst");
my $scenarios = join("", map { slurp("tests/scripts/$_") } @{all($lio, qr{tests/scripts/([\w-]+\.t)})});
my %lio_commands = map { $_ => 1 } @{all($lio, qr/netmirrorctl ([a-z]+)/)};
ok(keys(%lio_commands) > 2, "lio.rst names commands");
foreach my $command (sort(keys(%lio_commands))) {
	like($scenarios, qr/(ctl (a|b|"\$1")|netmirrorctl) $command\b/, "a scenario runs netmirrorctl $command");
}
my $export_keys = slurp("userspace/netmirrorctl/config-export.c");
foreach my $key (@{all($lio, qr/^ {4}([a-z]+) = /m)}) {
	like($export_keys, qr/"\Q$key\E"/, "$key is a key of [export]");
}

# --- every command that is shown is run ----------------------------------------

# Each literal block is behind ".. run: MARK", and a scenario runs that mark with
# doc_run (pacemaker: doc_crm, with several); or behind ".. shown", since nobody types it.
my $all_scenarios = join("", map { slurp(s{^\Q$top\E/}{}r) } glob("$top/tests/scripts/*.{t,sh}"));
foreach my $document ("dm-netmirror", "lio", "lvm", "migration", "packaging",
		      "pacemaker") {
	my ($mark, $in_block, @unmarked, @not_run, @idle) = ("", 0);
	my $run = $document eq "pacemaker" ? "doc_crm( [a-z-]+)*" : "doc_run \Q$document\E";

	foreach my $line (split(/\n/, slurp("Documentation/$document.rst"))) {
		if ($line =~ /^\s*\.\. (run: \S+|shown)/) {
			push(@idle, $mark) if $mark ne "";
			$mark = $1;
		} elsif ($line =~ /::$/) {
			push(@unmarked, $line) if $mark eq "";
			push(@not_run, $mark) if $mark =~ /^run: (.*)/ &&
				$all_scenarios !~ /\b$run \Q$1\E\b(?!-)/;
			$mark = "";
		}
	}
	is(join("\n", @unmarked), "", "$document.rst says of each block whether it is typed");
	is(join("\n", @not_run), "", "scenarios run what is typed");
	is(join("\n", @idle), "", "no mark is without a block");
}

# --- what the argument for data safety names ----------------------------------

# In double backquotes: "FILE:FUNCTION()" is defined in that file, which is below
# dm-netmirror/ or has its whole path; "FUNCTION()" is called by the module;
# "mutant:NAME" is one of the simulator's; what has a slash is a path.
my $safety = slurp("Documentation/data-safety.rst");
my $module = join("", map { slurp(s{^\Q$top\E/}{}r) }
		  map { glob("$top/$_") } "dm-netmirror/*.c", "dm-netmirror/*/*.c");
my (%unknown, %seen, %source);

sub defines
{
	my ($file, $function) = @_;
	my ($path) = grep { -e "$top/$_" } "dm-netmirror/$file", $file;

	return 0 unless defined($path);
	$source{$path} //= slurp($path);
	return $source{$path} =~ /^\w[^;=\n]*\b\Q$function\E\([^;{}]*\)\n\{/m;
}

sub note_name
{
	my ($kind, $name, $is_known) = @_;

	$seen{$kind}{$name} = 1;
	$unknown{$kind}{$name} = 1 unless $is_known;
}

foreach my $name (@{all($safety, qr/``([^`]+)``/)}) {
	if ($name =~ /^mutant:(.+)$/) {
		note_name("mutants", $name, -e "$top/tests/sim/mutants/$1.sed");
	} elsif ($name =~ /^([\w\/.-]+\.c):(\w+)\(\)$/) {
		note_name("functions", $name, defines($1, $2));
	} elsif ($name =~ /^(\w+)\(\)$/) {
		note_name("calls", $name, $module =~ /\b$1\(/);
	} elsif ($name =~ m{^tests/scripts/}) {
		note_name("scenarios", $name, -e "$top/$name");
	} elsif ($name =~ m{^[\w.-]+/[\w./-]*$}) {
		note_name("paths", $name, -e "$top/$name");
	}
}
foreach my $kind ("mutants", "functions", "calls", "scenarios", "paths") {
	ok(keys(%{$seen{$kind}}) > 1, "data-safety.rst names $kind");
	is(join(" ", sort(keys(%{$unknown{$kind}}))), "", "the $kind that it names exist");
}
is_deeply(all($safety, qr/^(I\d+): /m), all(slurp("Documentation/design.rst"), qr/^(I\d+)$/m),
	  "it argues for the invariants of design.rst");

done_testing();
