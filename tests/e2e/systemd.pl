#!/usr/bin/env perl
# systemd.pl - as much of a service manager as socket activation and readiness need.
#
#   systemd.pl LISTEN NOTIFY-SOCKET PROGRAM ARGUMENT...
#
# LISTEN is paths of Unix sockets and ports on 127.0.0.1, with commas between them.
# Prints what the program notifies and how it exits; passes SIGTERM on.
use strict;
use warnings;
use IO::Socket::INET;
use IO::Socket::UNIX;
use POSIX ();

my ($listen_list, $notify_path, @command) = @ARGV;
my @places = split /,/, $listen_list;
# These stay open across exec: systemd passes its sockets from 3 on.
$^F = 2 + @places;
my @listen = map {
	my $place = $_;
	($place =~ m{^/} ? IO::Socket::UNIX->new(Local => $place, Listen => 16)
	    : IO::Socket::INET->new(LocalAddr => "127.0.0.1:$place", ReuseAddr => 1, Listen => 16))
	    or die "$place: $!";
} @places;
my $notify = IO::Socket::UNIX->new(Local => $notify_path, Type => SOCK_DGRAM) or die "$notify_path: $!";
$| = 1;

my $pid = fork // die "fork: $!";
if ($pid == 0) {
	# In ascending order none of them is overwritten.
	for my $i (0 .. $#listen) {
		POSIX::dup2(fileno $listen[$i], 3 + $i) // die "dup2: $!";
	}
	@ENV{qw(LISTEN_PID LISTEN_FDS NOTIFY_SOCKET)} = ($$, scalar @listen, $notify_path);
	exec @command or die "$command[0]: $!";
}
close $_ for @listen;
$SIG{TERM} = sub { kill TERM => $pid };
$SIG{ALRM} = sub { kill KILL => $pid };
alarm 60;
for (;;) {
	my $ready = '';
	vec($ready, fileno $notify, 1) = 1;
	if ((select $ready, undef, undef, 0.05) > 0) {
		$notify->recv(my $text, 4096);
		print "$text\n";
	} elsif (waitpid($pid, POSIX::WNOHANG()) == $pid) {
		print 'exit ', $? >> 8, "\n";
		last;
	}
}
