#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# edit-md.pl FILE BLOCK [OFFSET FORMAT VALUE]... - change fields of a metadata
# block and give it a correct checksum: VALUE as pack(FORMAT) at OFFSET.
# Without a change, or with only the checksum's own field, nothing is sealed:
# "edit-md.pl FILE 2 4 V 0" breaks a mark block.
use strict;
use warnings;

my ($file, $block, @changes) = @ARGV;
my @table = map {
	my $c = $_;
	$c = $c & 1 ? $c >> 1 ^ 0x82f63b78 : $c >> 1 for 1 .. 8;
	$c;
} 0 .. 255;

sub crc32c
{
	my $crc = 0xffffffff;
	$crc = $table[($crc ^ $_) & 255] ^ $crc >> 8 for unpack 'C*', shift;
	return $crc;
}

open my $fh, '+<:raw', $file or die "$file: $!\n";
seek $fh, 4096 * $block, 0;
read($fh, my $data, 4096) == 4096 or die "$file: block $block cannot be read\n";
my $crc_at = substr($data, 0, 4) eq 'NMMK' ? 4 : 8;
my $seal = 0;
while (my ($offset, $format, $value) = splice @changes, 0, 3) {
	my $bytes = pack $format, $value;
	substr $data, $offset, length $bytes, $bytes;
	$seal = 1 if $offset != $crc_at;
}
if ($seal) {
	substr $data, $crc_at, 4, "\0" x 4;
	substr $data, $crc_at, 4, pack 'V', crc32c($data);
}
seek $fh, 4096 * $block, 0;
print $fh $data;
close $fh or die "$file: $!\n";
