#!/usr/bin/env perl
# systemd.pl - as much of a service manager as socket activation and readiness need.
#
#   systemd.pl LISTEN-SOCKET NOTIFY-SOCKET PROGRAM ARGUMENT...
#
# Prints what the program notifies and how it exits; passes SIGTERM on.
use strict;
use warnings;
use IO::Socket::UNIX;
use POSIX ();

# Descriptors up to 3 stay open across exec: systemd passes its first socket there.
$^F = 3;
my ($listen_path, $notify_path, @command) = @ARGV;
my $listen = IO::Socket::UNIX->new(Local => $listen_path, Listen => 16) or die "$listen_path: $!";
my $notify = IO::Socket::UNIX->new(Local => $notify_path, Type => SOCK_DGRAM) or die "$notify_path: $!";
$| = 1;

my $pid = fork // die "fork: $!";
if ($pid == 0) {
	POSIX::dup2(fileno $listen, 3) // die "dup2: $!";
	@ENV{qw(LISTEN_PID LISTEN_FDS NOTIFY_SOCKET)} = ($$, 1, $notify_path);
	exec @command or die "$command[0]: $!";
}
close $listen;
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
