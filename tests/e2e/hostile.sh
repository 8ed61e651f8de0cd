#!/usr/bin/env bash
# Whoever may connect can neither slow down the signatures of others nor fill the memory, and leaves nothing behind.
. "$(dirname "$0")/lib.sh"

: "${HTTP_LOAD:?run the stories through ctest}"
[ "$(id -u)" -eq 0 ] || skip "only root can be several users, and peers are told apart by them"
[ "$(ulimit -Hn)" -ge 16384 ] || skip "10,000 connections take more than $(ulimit -Hn) descriptors"

start_daemon # for its token, its keys, PIN and configuration
"$KEYHOLD" key create papers --use sign >/dev/null
"$KEYHOLD" ca create root --subject "/O=keyhold test/CN=test root" >/dev/null
stop_daemon
sed "s|^    mode:.*|    mode: \"0666\"|; /^    group:/d" "$T/dev/keyhold.yaml" >"$T/own.yaml"
port=$(free_port)
sed -i "s|^state:|  - { https: \"127.0.0.1:$port\", certificate: none-yet }\n&|" "$T/own.yaml"
# What takes less patience here than where people wait.
printf 'limits: { header_s: 2, body_s: 3 }\n' >>"$T/own.yaml"
SOFTHSM2_CONF=$T/dev/token/softhsm2.conf "$KEYHOLDD" --config "$T/own.yaml" >>"$T/keyholdd.log" 2>&1 &
DAEMON_PID=$!
PIDS+=("$DAEMON_PID")
wait_for "keyholdd's answer" "$KEYHOLD" status
chmod 755 "$T/dev"
head -c 32 /dev/zero >"$T/message"

python3 "$HERE/hostile.py" "$KEYHOLD_SOCKET" "$port" "$DAEMON_PID" "${SANITIZER:-none}" "$KEYHOLD" \
	"$HTTP_LOAD" --socket "$KEYHOLD_SOCKET" --connections 8 --seconds 0.3 --warmup 0.1 --method POST \
	--type application/octet-stream --body "$T/message" --target '/v1/keys/papers/sign?scheme=ecdsa_secp256r1_sha256'
for limit in connections_per_peer http_per_peer header_s body_s header_bytes; do
	wait_for_text "event=limit.met limit=$limit peer=" "$T/keyholdd.log"
done
SECONDS=0
stop_daemon
[ "$SECONDS" -lt 5 ] || fail "the stop took $SECONDS s"
