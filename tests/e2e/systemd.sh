#!/usr/bin/env bash
# Under systemd: readiness and stopping are told, and a socket can be handed over.
. "$(dirname "$0")/lib.sh"

start_daemon
stop_daemon
export SOFTHSM2_CONF=$T/dev/token/softhsm2.conf
perl "$HERE/systemd.pl" "$T/activated.sock" "$T/notify.sock" "$KEYHOLDD" --config \
	"$T/dev/keyhold.yaml" >"$T/systemd.log" 2>&1 &
PIDS+=("$!")
manager=$!
wait_for "READY=1" grep -q "READY=1" "$T/systemd.log"
export KEYHOLD_SOCKET=$T/activated.sock
expect_status 0 "$KEYHOLD" status
[ ! -e "$T/dev/keyhold.sock" ] || fail "it made its own socket beside the one it was given"
kill -TERM "$manager"
wait_for "STOPPING=1" grep -q "STOPPING=1" "$T/systemd.log"
wait_for "the exit" grep -q "exit 0" "$T/systemd.log"
[ -S "$T/activated.sock" ] || fail "it removed systemd's socket"

say "TCP sockets are told apart by their addresses, and what is not passed is made"
https=$(free_port)
http=$(free_port)
own=$(free_port)
[ "$(printf '%s\n' "$https" "$http" "$own" | sort -u | wc -l)" -eq 3 ] || skip "the same port twice"
start_daemon
make_ca
"$KEYHOLD" cert issue server --ca internal --san localhost --out "$T/tls" >/dev/null
stop_daemon
{
	sed '/^listen:/,$d' "$T/dev/keyhold.yaml"
	printf 'listen:\n  - unix: %s/dev/keyhold.sock\n' "$T"
	printf '  - { http: "127.0.0.1:%s" }\n  - { http: "127.0.0.1:%s" }\n' "$own" "$http"
	printf '  - { https: "127.0.0.1:%s", certificate: server }\nstate: %s/dev/state\n' "$https" "$T"
} >"$T/tcp.yaml"
rm -f "$T/activated.sock" "$T/notify.sock"
perl "$HERE/systemd.pl" "$https,$T/activated.sock,$http" "$T/notify.sock" "$KEYHOLDD" --config \
	"$T/tcp.yaml" >"$T/tcp.log" 2>&1 &
PIDS+=("$!")
manager=$!
wait_for "READY=1" grep -q "READY=1" "$T/tcp.log"
export KEYHOLD_SOCKET=$T/activated.sock
expect_status 0 "$KEYHOLD" status
curl -sS --noproxy '*' --cacert "$T/root.pem" "https://localhost:$https/healthz" >"$T/out"
expect_text '"status"' "$T/out"
for port in "$http" "$own"; do
	curl -sS --noproxy '*' "http://127.0.0.1:$port/healthz" >"$T/out"
	expect_text '"status"' "$T/out"
done
[ ! -e "$T/dev/keyhold.sock" ] || fail "it made its own socket beside the one it was given"
kill -TERM "$manager"
wait_for "the exit" grep -q "exit 0" "$T/tcp.log"
sed "/https:/d" "$T/tcp.yaml" >"$T/less.yaml"
rm -f "$T/activated.sock" "$T/notify.sock"
perl "$HERE/systemd.pl" "$https" "$T/notify.sock" "$KEYHOLDD" --config "$T/less.yaml" >"$T/out" 2>&1
expect_text "socket of address 127.0.0.1, port $https, which no https or http below listen has" "$T/out"
expect_text "exit 8" "$T/out"
