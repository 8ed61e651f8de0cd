#!/usr/bin/env bash
# Reload and binary upgrade of nginx, reload of HAProxy (master-worker, threads): no handshake fails meanwhile.
. "$(dirname "$0")/lib.sh"

start_daemon
need_provider
make_ca
"$KEYHOLD" cert issue web --ca internal --san localhost --out "$T/tls" >/dev/null

start_load() {
	"$HERE/handshakes.py" "$port" "$T/root.pem" 4 600 >"$T/load" &
	LOAD_PID=$!
	PIDS+=("$LOAD_PID")
	sleep 1
}

# Handshakes are counted on both sides of what happened.
stop_load() {
	sleep 1
	kill "$LOAD_PID"
	wait "$LOAD_PID"
	grep -q '^done [1-9][0-9]* 0$' "$T/load" || fail "$1: $(tail -3 "$T/load")"
	say "$1: handshakes, failed: $(sed 's/done //' "$T/load")"
}

# children PID: its child processes, sorted
children() {
	pgrep -P "$1" | sort
}

replaced() {
	local now
	now=$(children "$SERVER_PID")
	[ -n "$now" ] && [ -z "$(comm -12 <(echo "$1") <(echo "$now"))" ]
}

port=$(free_port)
# A child of the shell that started it refuses USR2.
NGINX_DAEMON=on start_server nginx "$port" "$T/tls/web.crt" "$T/tls/web.key"

start_load
for _ in 1 2 3; do
	old=$(children "$SERVER_PID")
	kill -HUP "$SERVER_PID"
	wait_for "new workers of nginx" replaced "$old"
done
stop_load "nginx, three reloads"

start_load
old_master=$SERVER_PID
kill -USR2 "$old_master"
wait_for "the new binary's pid file" test -s "$T/nginx.pid.oldbin"
wait_for "the new master" test -s "$T/nginx.pid"
new_master=$(cat "$T/nginx.pid")
PIDS+=("$new_master")
[ "$new_master" != "$old_master" ] || fail "nginx did not start a second master"
wait_for "the new master's workers" pgrep -P "$new_master"
kill -QUIT "$old_master"
wait_gone "$old_master"
stop_load "nginx, a new binary"
SERVER_PID=$new_master
stop_server
! grep -q 'exited on signal' "$T/nginx.log" || fail "a worker of nginx crashed"

for server in haproxy haproxy-async; do
	port=$(free_port)
	start_server "$server" "$port" "$T/tls/web.crt" "$T/tls/web.key"
	start_load
	for _ in 1 2 3; do
		old=$(children "$SERVER_PID")
		kill -USR2 "$SERVER_PID"
		wait_for "a new worker of HAProxy" replaced "$old"
	done
	stop_load "$server, three reloads"
	stop_server
	! grep -E 'exited with code (134|139)' "$T/haproxy.log" || fail "a worker of HAProxy crashed"
done
