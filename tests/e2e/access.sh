#!/usr/bin/env bash
# Without --dev, only root and the daemon's own user are served, whoever else can connect.
. "$(dirname "$0")/lib.sh"

[ "$(id -u)" -eq 0 ] || skip "not root: another user cannot be played"
start_daemon # for its token, PIN and configuration
stop_daemon
sed "s|^    mode:.*|    mode: \"0666\"|; /^    group:/d" "$T/dev/keyhold.yaml" >"$T/open.yaml"
export SOFTHSM2_CONF=$T/dev/token/softhsm2.conf
"$KEYHOLDD" --config "$T/open.yaml" >>"$T/keyholdd.log" 2>&1 &
PIDS+=("$!")
wait_for "keyholdd's answer" "$KEYHOLD" status

as_worker() {
	setpriv --reuid "$WORKER_USER" --regid "$WORKER_GROUP" --clear-groups \
		curl -sS --max-time 10 --unix-socket "$KEYHOLD_SOCKET" -w '%{http_code}' "$@"
}
expect_status 0 "$KEYHOLD" key list
as_worker http://localhost/v1/keys >"$T/out"
expect_text '"status":403' "$T/out"
expect_text "unix:$WORKER_USER lacks the right read" "$T/out"
as_worker -d '{"name":"a","type":"ec-p256","use":"sign"}' http://localhost/v1/keys >"$T/out"
expect_text '"status":403' "$T/out"
# The body is never sent: the answer is there before it, and the connection ends.
cat >"$T/headers.pl" <<'EOF'
use IO::Socket::UNIX;
alarm 10;
my $s = IO::Socket::UNIX->new($ARGV[0]) or die "connect: $!";
syswrite $s, "POST /v1/keys/a/sign?scheme=ed25519 HTTP/1.1\r\nHost: localhost\r\n"
    . "Content-Type: application/octet-stream\r\nContent-Length: 200000\r\n\r\n";
print while <$s>;
EOF
setpriv --reuid "$WORKER_USER" --regid "$WORKER_GROUP" --clear-groups \
	perl "$T/headers.pl" "$KEYHOLD_SOCKET" >"$T/out"
expect_text 'HTTP/1.1 403' "$T/out"
as_worker http://localhost/healthz >"$T/out"
expect_text alive "$T/out"
