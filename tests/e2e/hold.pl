#!/usr/bin/env perl
# hold.pl SERVER-PORT PORT - connects to the server now, and joins that connection to
# whoever connects to PORT later: what a server accepted, and was not yet asked.
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;

my ($server_port, $port) = @ARGV;
my $server = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$server_port") or die "connect: $!\n";
my $listener = IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1:$port", ReuseAddr => 1)
    or die "listen: $!\n";
$| = 1;
print "holding\n";
my $client = $listener->accept or die "accept: $!\n";
my $both = IO::Select->new($server, $client);
while (my @ready = $both->can_read(30)) {
	for my $from (@ready) {
		my $to = $from == $server ? $client : $server;
		sysread($from, my $data, 65536) or exit 0;
		syswrite($to, $data) == length $data or exit 1;
	}
}
