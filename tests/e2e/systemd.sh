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
