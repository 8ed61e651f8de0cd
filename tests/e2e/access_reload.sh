#!/usr/bin/env bash
# SIGHUP puts the access rules of the file in force, all or none, while connections stay open.
. "$(dirname "$0")/lib.sh"
. "$HERE/rules.sh"

start_daemon
"$KEYHOLD" key create web --use tls >/dev/null
"$KEYHOLD" key create other --use tls >/dev/null
stop_daemon
give_away

# What the daemon tells a service manager, a line each.
cat >"$T/manager.py" <<'PYTHON'
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o666)
while True:
    print(s.recv(4096).decode(), flush=True)
PYTHON
/usr/bin/python3 "$T/manager.py" "$T/notify" >"$T/notified" &
PIDS+=("$!")
wait_for "a service manager" test -S "$T/notify"
export NOTIFY_SOCKET=$T/notify

# rules_for KEYS
rules_for() {
	printf 'access:\n  - { who: "unix:%s", may: [use], keys: [%s] }' "$WORKER_USER" "$1"
}

# reload EVENT: and waits until the log has one more of it.
reload() {
	local before
	before=$(grep -c "event=$1 " "$T/keyholdd.log" || true)
	kill -HUP "$DAEMON_PID"
	wait_for "$1" eval "[ \"\$(grep -c 'event=$1 ' '$T/keyholdd.log')\" -gt $before ]"
}

start_with "$(rules_for web)"
install -m 644 "$HERE/one_connection.py" "$T"
coproc SIGNER { "${AS_WORKER[@]}" /usr/bin/python3 "$T/one_connection.py" "$KEYHOLD_SOCKET"; }
PIDS+=("$SIGNER_PID")

# signs STATUS KEY: over the one connection.
signs() {
	local got
	echo "$2" >&"${SIGNER[1]}"
	read -r -t 10 got <&"${SIGNER[0]}" || fail "no answer over the open connection"
	[ "$got" = "$1" ] || fail "$got instead of $1 for key $2"
}

say "an open connection has new rules with its next request"
signs 200 web
signs 403 other
write_config "$(rules_for other)"
reload access.reloaded
signs 403 web
signs 200 other

say "a file with a mistake leaves the old ones"
for mistake in 'may: \[use\]|may: [us]' 'mode: "0666"|mode: "0777"' 'state:|status:'; do
	write_config "$(rules_for web)"
	sed -i "s|$mistake|" "$T/own.yaml"
	reload config.refused
	signs 403 web
	signs 200 other
done
for reason in 'access[0].may[0]: ' 'listen[0].mode: ' 'unknown setting'; do
	grep "event=config.refused why=\"$T/own.yaml:[0-9]*: " "$T/keyholdd.log" >"$T/out"
	expect_text "$reason" "$T/out"
done
write_config "$(rules_for web)"
mv "$T/own.yaml" "$T/away.yaml"
reload config.refused
mv "$T/away.yaml" "$T/own.yaml"
signs 200 other

say "what takes a restart is said, and stays"
write_config "$(rules_for "web, other")
log_level: debug"
sed -i 's|^token:|&\n  max_sessions: 3|' "$T/own.yaml"
reload access.reloaded
signs 200 web
grep 'event=config.kept' "$T/keyholdd.log" >"$T/out"
expect_text 'setting=token ' "$T/out"
[ "$(wc -l <"$T/out")" -eq 1 ] || fail "more is said to be kept: $(cat "$T/out")"

say "signatures go on while rules change"
for ((i = 0; i < 40; i++)); do
	kill -HUP "$DAEMON_PID"
	signs 200 web
	signs 200 other
done

say "the record has each change, the service manager hears of each"
write_config "$(rules_for web)"
reload access.reloaded
"${AS_OWN[@]}" "$KEYHOLDD" --config "$T/own.yaml" --check >"$T/out"
stop_daemon
sqlite3 "$T/dev/state/keyhold.db" "SELECT actor, action, detail FROM audit WHERE action LIKE 'access.%'" >"$T/record"
expect_text 'keyholdd|access.loaded|sha256=' "$T/record"
expect_text "keyholdd|access.reloaded|sha256=$(sha256sum "$T/own.yaml" | cut -d ' ' -f 1) rules=1" "$T/record"
[ "$(grep -c access.reloaded "$T/record")" -eq "$(grep -c event=access.reloaded "$T/keyholdd.log")" ] ||
	fail "the record and the log differ: $(cat "$T/record")"
grep -A2 RELOADING=1 "$T/notified" >"$T/out"
expect_text MONOTONIC_USEC= "$T/out"
expect_text READY=1 "$T/out"
