#!/usr/bin/env bash
# Signatures, certificates, revocations, rotations, new keys, tokens, profiles and rules at once: nobody is
# refused, and, as ThreadSanitizer sees it, nobody steps on another's toes.
. "$(dirname "$0")/lib.sh"
. "$HERE/rules.sh"

readonly seconds=15

start_daemon
make_ca
"$KEYHOLD" key create web --use tls >/dev/null
"$KEYHOLD" key csr web --san a.example >"$T/web.csr"
stop_daemon
give_away

# rules_for KEYS
rules_for() {
	printf 'access:\n  - { who: "unix:%s", may: [use], keys: [%s] }' "$WORKER_USER" "$1"
}

start_with "$(rules_for web)"
python3 "$HERE/churn.py" "$KEYHOLD_SOCKET" "$seconds" "$T/web.csr" &
churn=$!
PIDS+=("$churn")
reloads=0
while kill -0 "$churn" 2>/dev/null; do
	write_config "$(rules_for "web$((reloads % 2))")"
	kill -HUP "$DAEMON_PID" || fail "keyholdd is gone"
	reloads=$((reloads + 1))
	sleep 0.2
done
wait "$churn" || fail "a request failed"
say "$reloads reloads"
[ "$(grep -c 'event=access.reloaded' "$T/keyholdd.log")" -gt 10 ] || fail "the rules were hardly reloaded"
"$KEYHOLD" audit verify >"$T/verified" || fail "the audit record: $(cat "$T/verified")"
stop_daemon
if grep -q 'ThreadSanitizer' "$T/keyholdd.log"; then
	fail "a data race: see the log"
fi
