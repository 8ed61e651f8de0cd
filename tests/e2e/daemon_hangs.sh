#!/usr/bin/env bash
# A daemon that does not answer costs one handshake two seconds and the next ones nothing, and a second daemon takes over.
. "$(dirname "$0")/lib.sh"

start_daemon
need_provider
make_ca
"$KEYHOLD" cert issue web --ca internal --san localhost --out "$T/tls" >/dev/null
port=$(free_port)
WORKERS=1 start_nginx "$port" "$T/tls/web.crt" "$T/tls/web.key"
worker=$(nginx_workers)
handshake "$port" 1.3 >/dev/null

# failed_after: how many milliseconds a handshake takes to fail.
failed_after() {
	local began
	began=$(date +%s%N)
	! handshake "$port" 1.3 >/dev/null 2>&1 || fail "a handshake with a daemon that is stopped"
	echo "$((($(date +%s%N) - began) / 1000000))"
}

kill -STOP "$DAEMON_PID"
first=$(failed_after)
second=$(failed_after)
began=$(date +%s%N)
expect_status 3 "$KEYHOLD" status
status_ms=$((($(date +%s%N) - began) / 1000000))
kill -CONT "$DAEMON_PID"
expect_text "did not answer in time" "$T/out"
expect_text "keyholdd is there, and hangs" "$T/out"
say "keyhold status gives up after $status_ms ms"
[ "$status_ms" -lt 8000 ] || fail "keyhold status waited $status_ms ms"
say "a stopped daemon: the first handshake fails after $first ms, the next after $second ms"
if [ "$first" -lt 1900 ] || [ "$first" -gt 5000 ]; then
	fail "the first handshake took $first ms, not 2 s and a little"
fi
[ "$second" -lt 700 ] || fail "the second handshake took $second ms: the daemon was asked again"
wait_for_text "did not answer in time" "$T/nginx.log"
wait_for_text "not asked again for another" "$T/nginx.log"
sleep 1.1
[ "$(handshake "$port" 1.3)" = served ] || fail "after the daemon went on"
[ "$(nginx_workers)" = "$worker" ] || fail "the worker was replaced"
stop_nginx

say "with a list of sockets, the second daemon serves while the first is away"
sed "s|$T/dev/keyhold.sock|$T/second.sock|" "$T/dev/keyhold.yaml" >"$T/second.yaml"
stop_daemon
SOFTHSM2_CONF=$T/dev/token/softhsm2.conf "$KEYHOLDD" --config "$T/second.yaml" >>"$T/keyholdd.log" 2>&1 &
PIDS+=("$!")
wait_for "the second daemon" "$KEYHOLD" --socket "$T/second.sock" status
"$KEYHOLD" provider config --module "$PROVIDER" --socket "$T/dev/keyhold.sock,$T/second.sock" >"$T/provider.cnf"
# The second daemon's rules know root and its own user alone.
[ "$(id -u)" -ne 0 ] || WORKER_USER=root WORKER_GROUP=root
start_nginx "$port" "$T/tls/web.crt" "$T/tls/web.key"
[ "$(handshake "$port" 1.2)" = served ] || fail "TLS 1.2 through the second daemon"
[ "$(handshake "$port" 1.3)" = served ] || fail "TLS 1.3 through the second daemon"
