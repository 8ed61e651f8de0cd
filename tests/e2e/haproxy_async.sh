#!/usr/bin/env bash
# HAProxy with ssl-mode-async: handshakes that wait for a signature hold up no other, and one
# that is broken off while it waits costs nothing that stays.
. "$(dirname "$0")/lib.sh"

start_daemon
need_provider
make_ca
"$KEYHOLD" cert issue web --ca internal --san localhost --out "$T/tls" >/dev/null
port=$(free_port)
start_server haproxy-async "$port" "$T/tls/web.crt" "$T/tls/web.key"
HAPROXY_PID=$(pgrep -P "$SERVER_PID")

many_handshakes() {
	local i clients=() pid failed=0
	for ((i = 0; i < $1; i++)); do
		handshake "$port" 1.3 >/dev/null 2>&1 &
		clients+=("$!")
	done
	for pid in "${clients[@]}"; do
		wait "$pid" || failed=$((failed + 1))
	done
	echo "$failed"
}

descriptors() {
	find "/proc/$HAPROXY_PID/fd" -type l | wc -l
}

[ "$(handshake "$port" 1.2)" = served ] || fail "TLS 1.2"
[ "$(handshake "$port" 1.3)" = served ] || fail "TLS 1.3"
[ "$(many_handshakes 60)" -eq 0 ] || fail "some of 60 handshakes at once"
before=$(descriptors)
say "served, with $before descriptors"

say "a daemon that stops in the middle"
kill -STOP "$DAEMON_PID"
for i in 1 2 3 4 5 6 7 8 9 10; do
	# Gone before the signature's deadline: HAProxy frees the handshake while it waits.
	curl -sS --max-time 0.5 --noproxy '*' -k "https://localhost:$port/" >"$T/out" 2>&1 &
done
sleep 0.2
start=$(date +%s%N)
[ "$(many_handshakes 10)" -eq 10 ] || fail "a handshake without a signature"
took=$((($(date +%s%N) - start) / 1000000))
[ "$took" -lt 6000 ] || fail "ten handshakes without a daemon took $took ms"
say "ten handshakes failed within $took ms"
kill -CONT "$DAEMON_PID"
sleep 1.2
[ "$(handshake "$port" 1.3)" = served ] || fail "after the daemon went on"
[ "$(many_handshakes 60)" -eq 0 ] || fail "some of 60 handshakes after that"
! gone "$HAPROXY_PID" || fail "HAProxy is gone"
sleep 0.5
after=$(descriptors)
# Idle connections are kept, and each handshake that was broken off must have left none.
[ "$after" -le $((before + 64)) ] || fail "$after descriptors instead of $before"
[ -z "$(find "/proc/$HAPROXY_PID/fd" -lname '*timerfd*')" ] || fail "a timer is left open"
say "HAProxy serves on, with $after descriptors and no timer left"

# OpenSSL keeps the stack of a job that nobody runs to its end, and HAProxy does not. The page
# says so; what is left of each must not be more than that.
say "clients that leave while their signature is under way"
resident() {
	awk '/^VmRSS/ { print $2 }' "/proc/$HAPROXY_PID/status"
}
sleep 1.2
[ "$("$HERE/break_off.py" "$port" 200 5)" -eq 0 ] || fail "a handshake of 200 at once was not answered"
# The first time also fills pools that are used again.
for round in first second; do
	before=$(resident)
	kill -STOP "$DAEMON_PID"
	left=$("$HERE/break_off.py" "$port" 200 0.5)
	kill -CONT "$DAEMON_PID"
	sleep 3
	after=$(resident)
	[ "$left" -gt 100 ] || fail "only $left of 200 clients left in the middle"
	say "the $round time: $left left, $(((after - before) * 1024 / left)) bytes each stay in HAProxy"
done
[ -n "$SANITIZER" ] || [ "$((after - before))" -le "$((left * 40))" ] || fail "that is $((after - before)) KiB"
[ "$(handshake "$port" 1.3)" = served ] || fail "after the clients that left"
