#!/usr/bin/env bash
# keyhold audit tail --follow shows each entry as it is made, and ends when the daemon does.
. "$(dirname "$0")/lib.sh"

start_daemon
"$KEYHOLD" audit tail -n 1 --follow >"$T/followed" 2>"$T/errors" &
following=$!
PIDS+=("$following")
wait_for "the newest entry" test -s "$T/followed"
"$KEYHOLD" key create one --use sign >/dev/null
wait_for "the next one" grep -q "key.created .*one" "$T/followed"
"$KEYHOLD" key create two --use sign >/dev/null
wait_for "the one after it" grep -q "key.created .*two" "$T/followed"
[ "$(grep -cE "key.created +(one|two) " "$T/followed")" -eq 2 ] || fail "not each once: $(cat "$T/followed")"

say "without a daemon there is nothing to follow"
stop_daemon
status=0
wait "$following" || status=$?
[ "$status" -eq 3 ] || fail "it exited with $status: $(cat "$T/errors")"
