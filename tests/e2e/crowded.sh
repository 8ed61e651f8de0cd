#!/usr/bin/env bash
# Two users have all the connections that there may be, idle: whoever else comes gets in all the same, and they lose no
# more than that.
. "$(dirname "$0")/lib.sh"
. "$HERE/rules.sh"

start_daemon
"$KEYHOLD" key create web --use tls >/dev/null
stop_daemon
give_away
start_with "limits: { connections: 40, connections_per_peer: 20 }
access:
  - { who: \"unix:60066\", may: [use], keys: [web] }"

# SOCKET COUNT: holds so many, and says, for each line that it reads, how many are open still.
cat >"$T/crowd.pl" <<'PERL'
use IO::Socket::UNIX;
alarm 60;
$| = 1;
my ($path, $count) = @ARGV;
my @held = map { IO::Socket::UNIX->new($path) or die "connect: $!" } 1 .. $count;
while (<STDIN>) {
	my $open = grep { !defined recv($_, my $byte, 1, 0x42) } @held; # MSG_PEEK, MSG_DONTWAIT
	print "$open\n";
}
PERL
is_alone() {
	[ "$(grep -c " $KEYHOLD_SOCKET\$" /proc/net/unix)" -eq 1 ]
}
wait_for "no connection but the listener" is_alone
coproc FIRST { "${AS_WORKER[@]}" perl "$T/crowd.pl" "$KEYHOLD_SOCKET" 20; }
PIDS+=("$FIRST_PID")
exec {first_in}>&"${FIRST[1]}" {first_out}<&"${FIRST[0]}"
coproc SECOND { "${AS_READER[@]}" perl "$T/crowd.pl" "$KEYHOLD_SOCKET" 20; } 2>"$T/second.log"
PIDS+=("$SECOND_PID")
exec {second_in}>&"${SECOND[1]}" {second_out}<&"${SECOND[0]}"

# open_ones: of both together.
open_ones() {
	local one two
	echo >&"$first_in"
	echo >&"$second_in"
	read -r -t 10 one <&"$first_out"
	read -r -t 10 two <&"$second_out"
	echo "$((one + two))"
}
are_all_taken() {
	[ "$(open_ones)" = 40 ]
}
wait_for "all connections of two users" are_all_taken

say "a third user, root and the daemon's own get in"
AS=(setpriv --reuid 60066 --regid 60066 --clear-groups)
sign 200 web
AS=(env)
ask 200 GET /healthz
AS=("${AS_OWN[@]}")
ask 200 GET /v1/keys
left=$(open_ones)
[[ $left == 3[789] ]] || fail "$left of 40 are open, and three came"

stop_daemon
