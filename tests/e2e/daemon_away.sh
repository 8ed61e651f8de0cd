#!/usr/bin/env bash
# nginx -t and a reload work while keyholdd is down; handshakes come back with it.
. "$(dirname "$0")/lib.sh"

start_daemon
need_provider
make_ca
"$KEYHOLD" cert issue web --ca internal --san localhost --out "$T/tls" >/dev/null
port=$(free_port)
start_nginx "$port" "$T/tls/web.crt" "$T/tls/web.key"
handshake "$port" 1.3 >/dev/null

stop_daemon
say "keyholdd is down: a handshake fails, and says why in nginx's log"
! handshake "$port" 1.3 >/dev/null 2>&1 || fail "a handshake without the daemon"
wait_for_text "cannot reach keyholdd at" "$T/nginx.log"

say "nginx -t and a reload work all the same"
check_nginx
old=$(nginx_workers | paste -sd' ')
kill -HUP "$NGINX_PID"
reloaded() {
	local now
	now=$(nginx_workers | paste -sd' ')
	[ -n "$now" ] && [ -z "$(comm -12 <(tr ' ' '\n' <<<"$old" | sort) <(tr ' ' '\n' <<<"$now" | sort))" ]
}
wait_for "new workers after the reload" reloaded
workers=$(nginx_workers | paste -sd' ')

say "keyholdd is back: handshakes work with no further reload"
start_daemon
for version in 1.2 1.3; do
	[ "$(handshake "$port" "$version")" = served ] || fail "TLS $version after the restart"
done
[ "$(nginx_workers | paste -sd' ')" = "$workers" ] || fail "a worker was replaced"
! grep -q 'exited on signal' "$T/nginx.log" || fail "a worker crashed"
