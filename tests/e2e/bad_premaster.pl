#!/usr/bin/env perl
# bad_premaster.pl PORT MODULUS-IN-HEX KIND - a TLS 1.2 client with RSA key exchange that
# sends a premaster secret of this kind and then a Finished that cannot be right. Prints how
# the server ends it: what an attacker would compare (Bleichenbacher; ROBOT).
use strict;
use warnings;
use IO::Socket::INET;
use Math::BigInt;

my ($port, $modulus, $kind) = @ARGV;
my $n = Math::BigInt->from_hex($modulus);
my $size = length($modulus) / 2;

sub nonzero { return join '', map { chr(1 + int rand 255) } 1 .. $_[0] }

# 00 02, padding, 00, 03 03 and 46 bytes; each kind spoils one thing.
sub block {
	my @head = (0, 2, 0);
	my ($padding, $version) = (nonzero($size - 51), "\x03\x03");
	$head[0] = 1 if $kind eq 'first-byte';
	$head[1] = 1 if $kind eq 'second-byte';
	$head[2] = 1 if $kind eq 'no-zero';
	substr($padding, 20, 1) = "\0" if $kind eq 'zero-in-padding';
	$version = "\x03\x02" if $kind eq 'version';
	return chr($head[0]) . chr($head[1]) . $padding . chr($head[2]) . $version . nonzero(46);
}

sub ciphertext {
	return "\xff" x $size if $kind eq 'too-large';
	my $c = Math::BigInt->from_bytes(block())->bmodpow(65537, $n)->to_bytes;
	return "\0" x ($size - length $c) . $c;
}

sub record { return pack('C n n', $_[0], 0x0303, length $_[1]) . $_[1] }
sub handshake { return pack('C C n', $_[0], 0, length $_[1]) . $_[1] }

my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port", Timeout => 10) or die "connect: $!";
alarm 20;

sub take {
	my ($want, $got) = ($_[0], '');
	while (length $got < $want) {
		sysread($s, $got, $want - length $got, length $got) or return;
	}
	return $got;
}

# The next record: its type and content; nothing at the end.
sub next_record {
	my $head = take(5) // return;
	my ($type, undef, $len) = unpack 'C n n', $head;
	return ($type, take($len));
}

my $algorithms = pack 'n*', 0x0401, 0x0403; # signature_algorithms: of the certificates
my $extensions = pack 'n n n', 13, 2 + length $algorithms, length $algorithms;
$extensions .= $algorithms;
my $hello = pack('n', 0x0303) . nonzero(32) . "\0" . pack('n n', 2, 0x009c) . "\x01\x00";
$hello .= pack('n', length $extensions) . $extensions;
syswrite $s, record(22, handshake(1, $hello));
my ($messages, $done) = ('', 0);
until ($done) {
	my ($type, $content) = next_record();
	die "no ServerHelloDone\n" unless defined $type && $type == 22;
	$messages .= $content;
	while (length $messages >= 4) {
		my ($message, $high, $low) = unpack 'C C n', $messages;
		last if length $messages < 4 + $high * 65536 + $low;
		substr($messages, 0, 4 + $high * 65536 + $low) = '';
		$done = 1 if $message == 14;
	}
}
syswrite $s, record(22, handshake(16, pack('n', $size) . ciphertext()))
    . record(20, "\x01") . record(22, nonzero(40));
my @end;
while (my ($type, $content) = next_record()) {
	push @end, sprintf 'record %d: %s', $type, unpack 'H*', $content;
}
print join(', ', @end, 'closed'), "\n";
