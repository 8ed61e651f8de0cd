#!/usr/bin/env perl
# find_keys.pl - looks for private keys, in PEM and DER, in files and in a process, and there for a text too.
#
#   find_keys.pl FILE-OR-DIRECTORY...
#   find_keys.pl --memory PID [FILE-WITH-THE-TEXT]
#
# Prints each finding; exit 0: none, 1: some, 2: could not look.
use strict;
use warnings;
no warnings 'portable'; # addresses have 64 bits
use File::Find;

# PEM needs base64 behind the label, or every program that knows the label would be found.
my $pem = qr/-----BEGIN (?:RSA |EC |DSA |ENCRYPTED )?PRIVATE KEY-----\s+[A-Za-z0-9+\/]{16}/;
my @der = (
	# PKCS#8: SEQUENCE, version 0 or 1, rsaEncryption, id-ecPublicKey or Ed25519, OCTET STRING.
	[ 'PKCS#8 RSA', qr/\x30\x82..\x02\x01[\x00\x01]\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\x04/s ],
	[ 'PKCS#8 EC', qr/\x30(?:.|\x81.)\x02\x01[\x00\x01]\x30.\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06.{6,10}\x04/s ],
	[ 'PKCS#8 Ed25519', qr/\x30.\x02\x01[\x00\x01]\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20/s ],
	# PKCS#1: SEQUENCE, version 0, modulus, exponent 65537, another long INTEGER, one key in some hundreds a byte shorter.
	[ 'PKCS#1 RSA', qr/\x30\x82..\x02\x01\x00\x02\x82[\x01\x02].{257,521}?\x02\x03\x01\x00\x01\x02(?:\x82[\x01\x02]|\x81[\xf0-\xff])/s ],
	# RFC 5915: SEQUENCE, version 1, OCTET STRING of 32, 48 or 66, a named curve.
	[ 'SEC 1 EC', qr/\x30(?:.|\x81.)\x02\x01\x01\x04(?:\x20.{32}|\x30.{48}|\x42.{66})\xa0.\x06/s ],
);

my $found = 0;
my $text;

sub look {
	my ($data, $where) = @_;
	if ($$data =~ $pem) {
		print "$where: PEM private key\n";
		$found = 1;
	}
	if (defined $text && index($$data, $text) >= 0) {
		print "$where: the text\n";
		$found = 1;
	}
	for my $kind (@der) {
		if ($$data =~ $kind->[1]) {
			print "$where: $kind->[0] in DER\n";
			$found = 1;
		}
	}
}

sub look_at_file {
	my ($path) = @_;
	return unless -f $path;
	open my $in, '<:raw', $path or die "$path: $!\n";
	local $/;
	my $data = <$in> // '';
	look(\$data, $path);
}

sub look_at_memory {
	my ($pid) = @_;
	open my $maps, '<', "/proc/$pid/maps" or die "/proc/$pid/maps: $!\n";
	open my $mem, '<:raw', "/proc/$pid/mem" or die "/proc/$pid/mem: $!\n";
	my $bytes = 0;
	while (<$maps>) {
		# What the process has written: code and constants are the packages' own.
		my ($from, $to, $mode) = /^([0-9a-f]+)-([0-9a-f]+) (\S+)/ or next;
		next unless $mode =~ /^rw/;
		my ($start, $len) = (hex $from, hex($to) - hex($from));
		# A sanitizer's shadow is terabytes of nothing.
		next if $len > 1 << 30;
		sysseek($mem, $start, 0) or next;
		my $data = '';
		while (length $data < $len) {
			my $n = sysread($mem, $data, $len - length $data, length $data);
			last unless $n;
		}
		$bytes += length $data;
		look(\$data, "process $pid at $from");
	}
	die "nothing of process $pid could be read\n" unless $bytes > 1 << 16;
	print "process $pid: looked through $bytes bytes\n";
}

$SIG{__DIE__} = sub { print STDERR @_; exit 2 };
if (@ARGV >= 2 && $ARGV[0] eq '--memory') {
	if (defined $ARGV[2]) {
		open my $in, '<', $ARGV[2] or die "$ARGV[2]: $!\n";
		chomp($text = <$in>);
	}
	look_at_memory($ARGV[1]);
} else {
	die "find_keys.pl: what to look at?\n" unless @ARGV;
	find({ wanted => sub { look_at_file($_) }, no_chdir => 1 }, @ARGV);
}
exit $found;
