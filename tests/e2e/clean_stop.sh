#!/usr/bin/env bash
# SIGTERM: requests in flight finish, nothing is left behind, a restart finds everything.
. "$(dirname "$0")/lib.sh"

start_daemon
make_ca
requests=()
for i in 1 2 3 4; do
	# An RSA key takes long enough to be caught in the act.
	(
		status=$(curl -sS --max-time 60 -o "$T/key$i" -w '%{http_code}' --unix-socket \
			"$KEYHOLD_SOCKET" -d "{\"name\":\"slow$i\",\"type\":\"rsa-2048\",\"use\":\"tls\"}" \
			-H 'Content-Type: application/json' http://localhost/v1/keys) || status="cut off"
		echo "$status" >"$T/status$i"
	) &
	requests+=("$!")
done
connected() {
	[ "$(ss -xH state connected "src $KEYHOLD_SOCKET" 2>/dev/null | wc -l)" -ge 4 ] ||
		[ "$(grep -c "$KEYHOLD_SOCKET" /proc/net/unix)" -ge 5 ]
}
wait_for "four requests in flight" connected
sleep 0.2
stop_daemon
wait "${requests[@]}"
for i in 1 2 3 4; do
	[ "$(cat "$T/status$i")" = 201 ] || fail "request $i: $(cat "$T/status$i")"
done
expect_text "requests_finished=yes" "$T/keyholdd.log"
[ ! -e "$KEYHOLD_SOCKET" ] || fail "the socket is still there"

start_daemon
"$KEYHOLD" key list --json >"$T/keys"
for i in 1 2 3 4; do
	expect_text "\"slow$i\"" "$T/keys"
done
expect_status 0 "$KEYHOLD" ca show internal

say "whoever keeps a connection open is told to go, and nobody new gets in"
"$KEYHOLD" key create papers --use sign >/dev/null
cat >"$T/client.pl" <<'EOF'
use strict;
use warnings;
use IO::Socket::UNIX;
$SIG{PIPE} = 'IGNORE';
$| = 1;
alarm 30;
my ($role, $path, $go) = @ARGV;
my $s = IO::Socket::UNIX->new($path) or die "connect: $!\n";
my $head = "POST /v1/keys/papers/sign?scheme=ecdsa_secp256r1_sha256 HTTP/1.1\r\nHost: localhost\r\n"
    . "Content-Type: application/octet-stream\r\nContent-Length: 5\r\n\r\n";

# Whether the answer leaves the connection open.
sub read_answer {
	my $answer = '';
	until ($answer =~ /\r\n\r\n/) {
		sysread $s, $answer, 4096, length $answer or return 'cut';
	}
	my ($len) = $answer =~ /^content-length: (\d+)/mi;
	while (length($answer =~ s/.*?\r\n\r\n//sr) < $len) {
		sysread $s, $answer, 4096, length $answer or return 'cut';
	}
	return 'refused' if $answer !~ m{^HTTP/1.1 200 };
	return $answer =~ /^connection: close/mi ? 'closed' : 'kept';
}

if ($role eq 'busy') {
	my $end;
	do {
		syswrite $s, "${head}hello";
		$end = read_answer();
		print "$end\n";
	} while ($end eq 'kept');
} elsif ($role eq 'idle') {
	syswrite $s, "GET /healthz HTTP/1.1\r\n";
	print "kept\n";
	print sysread($s, my $answer, 4096) ? "answered\n" : "closed\n";
} else {
	syswrite $s, "${head}he";
	print "kept\n";
	select undef, undef, undef, 0.05 until -e $go;
	syswrite $s, "llo";
	print read_answer(), "\n";
}
EOF

# start_clients ROLE...: each has an open connection when it returns.
start_clients() {
	local role
	clients=()
	for role in "$@"; do
		: >"$T/$role.log" # what an earlier one said
		perl "$T/client.pl" "$role" "$KEYHOLD_SOCKET" "$T/go" >>"$T/$role.log" 2>&1 &
		clients+=("$!")
		wait_for "the $role client" grep -q kept "$T/$role.log"
	done
	sleep 0.2
}

start_clients busy idle half
kill -TERM "$DAEMON_PID"
wait_for "the busy client's last answer" grep -q closed "$T/busy.log"
if gone "$DAEMON_PID"; then
	fail "it did not wait for the request that it had begun to read"
fi
[ ! -e "$KEYHOLD_SOCKET" ] || fail "the socket is there during the drain"
status=0
timeout 10 "$KEYHOLD" status >"$T/out" 2>&1 || status=$?
{ [ "$status" -ne 0 ] && [ "$status" -ne 124 ]; } || fail "a new client got in, or hangs: $status"
touch "$T/go"
SECONDS=0
wait "$DAEMON_PID" || fail "keyholdd exited with $?"
[ "$SECONDS" -lt 5 ] || fail "the stop took $SECONDS s after the last request"
wait "${clients[@]}"
for role in busy idle half; do
	[ "$(tail -n 1 "$T/$role.log")" = closed ] || fail "the $role client: $(tail -n 1 "$T/$role.log")"
done
[ "$(grep -c requests_finished=yes "$T/keyholdd.log")" -eq 2 ] || fail "not every request finished"

say "neither a busy client nor a first line alone holds it up"
start_daemon
start_clients busy idle
SECONDS=0
stop_daemon
[ "$SECONDS" -lt 5 ] || fail "the stop took $SECONDS s"
wait "${clients[@]}"
for role in busy idle; do
	[ "$(tail -n 1 "$T/$role.log")" = closed ] || fail "the $role client: $(tail -n 1 "$T/$role.log")"
done
[ "$(grep -c requests_finished=yes "$T/keyholdd.log")" -eq 3 ] || fail "not every request finished"
start_daemon

say "killed, it leaves a stale socket, and starts again over it"
end_with KILL "$DAEMON_PID"
[ -S "$KEYHOLD_SOCKET" ] || fail "no stale socket to speak of"
start_daemon
expect_status 0 "$KEYHOLD" status
