#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# stranger.pl ADDRESS PORT HEX [COUNT]: connect to a mirror's listener COUNT times with
# these private data, and then say nothing. For each connection it prints "refused
# NUMBER", with the number of the reason, "connected" or "event NUMBER"; then for each
# that was connected "dropped after MILLISECONDS" or "still there", after ten seconds.
#
# It speaks to the kernel's connection manager by itself, since no library lets one
# connect without a queue pair.

use strict;
use warnings;
use Socket qw(inet_aton);

use constant {
	CREATE_ID => 0, RESOLVE_IP => 3, RESOLVE_ROUTE => 4, CONNECT => 6,
	ACCEPT => 8, GET_EVENT => 12,
	ADDR_RESOLVED => 0, ROUTE_RESOLVED => 2, CONNECT_RESPONSE => 5,
	REJECTED => 8, DISCONNECTED => 10,
};

my ($address, $port, $hex, $count) = @ARGV;
my $qp = 1000 + $$ % 10000 * 100;

# Seconds, to hundredths.
sub uptime
{
	open(my $file, "<", "/proc/uptime") or die "uptime: $!\n";
	return (split(/ /, <$file>))[0];
}

sub command
{
	my ($cm, $nr, $out, $body) = @_;
	my $message = pack("L S S", $nr, length($body), $out) . $body;

	defined(syswrite($cm, $message)) or die "command $nr: $!\n";
}

# A buffer for an answer, and its address.
sub buffer
{
	my ($len) = @_;
	my $buf = "\0" x $len;

	return (\$buf, unpack("J", pack("p", $buf)));
}

# Number of the next event and its private data; nothing after SECONDS without one.
sub event
{
	my ($cm, $seconds) = @_;
	my ($buf, $ptr) = buffer(512);
	my $set = "";

	vec($set, fileno($cm), 1) = 1;
	select($set, undef, undef, $seconds) or return;
	command($cm, GET_EVENT, 512, pack("Q", $ptr));
	return unpack("x12 L x12 a256", $$buf);
}

# The queue pair is made up, but must not be that of another connection.
sub conn_param
{
	my ($data) = @_;

	return pack("L L a256 C C C C C C C C", ++$qp, 0, $data, length($data), 0, 1, 1, 0, 7, 7,
		    $data eq "" ? 0 : 1);
}

# Returns the open connection manager, if there is a connection.
sub connect_once
{
	open(my $cm, "+<", "/dev/infiniband/rdma_cm") or die "rdma_cm: $!\n";
	my ($resp, $ptr) = buffer(4);

	command($cm, CREATE_ID, 4, pack("Q Q S C x5", 1, $ptr, 0x106, 2));
	my $id = unpack("L", $$resp);
	command($cm, RESOLVE_IP, 0, pack("x28 S n a4 x20 L L", 2, $port, inet_aton($address),
					 $id, 2000));
	for (;;) {
		my ($event, $data) = event($cm, 10);

		defined($event) or die "nothing happens\n";
		if ($event == ADDR_RESOLVED) {
			command($cm, RESOLVE_ROUTE, 0, pack("L L", $id, 2000));
		} elsif ($event == ROUTE_RESOLVED) {
			command($cm, CONNECT, 0, conn_param(pack("H*", $hex)) .
				pack("L L L L", $id, 0, 0, 0));
		} elsif ($event == CONNECT_RESPONSE) {
			command($cm, ACCEPT, 0, pack("Q", 1) . conn_param("") .
				pack("L L L L", $id, 0, 0, 0));
			print("connected\n");
			return $cm;
		} elsif ($event == REJECTED) {
			print("refused ", unpack("x4 v", $data), "\n");
			return;
		} else {
			print("event $event\n");
			return;
		}
	}
}

$| = 1;
my $start = uptime();
my @connected = map { connect_once() } 1 .. $count // 1;
foreach my $cm (@connected) {
	my ($event) = event($cm, 10);

	printf("%s\n", defined($event) && $event == DISCONNECTED ?
	       sprintf("dropped after %d", 1000 * (uptime() - $start)) :
	       defined($event) ? "event $event" : "still there");
}
