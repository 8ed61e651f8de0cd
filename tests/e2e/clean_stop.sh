#!/usr/bin/env bash
# SIGTERM: requests in flight finish, nothing is left behind, a restart finds everything.
. "$(dirname "$0")/lib.sh"

start_daemon
make_ca
requests=()
for i in 1 2 3 4; do
	# RSA-3072 takes long enough to be caught in the act.
	(
		status=$(curl -sS --max-time 60 -o "$T/key$i" -w '%{http_code}' --unix-socket \
			"$KEYHOLD_SOCKET" -d "{\"name\":\"slow$i\",\"type\":\"rsa-3072\",\"use\":\"tls\"}" \
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

say "killed, it leaves a stale socket, and starts again over it"
{
	kill -KILL "$DAEMON_PID"
	wait "$DAEMON_PID" || true
} 2>/dev/null
[ -S "$KEYHOLD_SOCKET" ] || fail "no stale socket to speak of"
start_daemon
expect_status 0 "$KEYHOLD" status
