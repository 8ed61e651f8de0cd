#!/usr/bin/env bash
# The agent, keyholdd, or both are killed at each request of a renewal, before it is done and after. Files never mismatch,
# and the next agent ends what was begun: one key and one certificate for each renewal.
. "$(dirname "$0")/lib.sh"

say_state() {
	api GET /v1/managed/web
	cat "$T/body"
}

# The reference holds the public key.
check_pair() {
	[ "$(openssl x509 -in "$T/tls/web/chain.pem" -noout -pubkey)" = \
		"$("${WITH_PROVIDER[@]}" openssl pkey -in "$T/tls/web/key.pem" -pubout)" ] || fail "$1: certificate and key do not match"
	cat "$T/tls/web/chain.pem" "$T/tls/web/key.pem" | cmp -s - "$T/tls/web/both.pem" || fail "$1: both.pem is of another pair"
}

count() {
	api GET "/v1/certificates?issuer=internal&limit=1000"
	grep -o '"serial"' "$T/body" | wc -l
	"$KEYHOLD" key list | grep -c '^web '
}

# cut_at NUMBER WHEN VICTIM...: whether the renewal got as far as this request.
cut_at() {
	local number=$1 when=$2 victims=() pid proxy
	shift 2
	[[ " $* " != *" agent "* ]] || victims+=(agent)
	if [[ " $* " == *" keyholdd "* ]]; then
		victims+=("$DAEMON_PID")
		disown "$DAEMON_PID" # or bash tells of its end
	fi
	rm -f "$T/cut.sock"
	"$HERE/cut.py" "$T/cut.sock" "$KEYHOLD_SOCKET" "$number" "$when" "${victims[@]}" >"$T/cut.txt" &
	proxy=$!
	PIDS+=("$proxy")
	wait_for "cut.py" test -S "$T/cut.sock"
	"$KEYHOLD" agent --once --socket "$T/cut.sock" >>"$T/agent.log" 2>&1 &
	pid=$!
	{ wait "$pid" || true; } 2>/dev/null
	kill "$proxy" 2>/dev/null || true
	wait "$proxy" 2>/dev/null || true
	unset 'PIDS[-1]'
	[ -s "$T/cut.txt" ]
}

# It may end a moment after who killed it.
revive() {
	[ -z "$1" ] || wait_gone "$DAEMON_PID"
	! gone "$DAEMON_PID" || start_daemon
}

# attempt NUMBER WHEN VICTIM...
attempt() {
	local before after what reached=yes
	mapfile -t before < <(count)
	api POST /v1/managed/web/renew
	cut_at "$@" || reached=
	what="$* $(cat "$T/cut.txt")"
	check_pair "$what"
	[[ " $* " != *" keyholdd "* ]] || revive "$reached"
	"$KEYHOLD" agent --once 2>>"$T/agent.log" || fail "$what: $(tail -3 "$T/agent.log") $(say_state)"
	check_pair "$what"
	mapfile -t after < <(count)
	[ "$((after[0] - before[0])) $((after[1] - before[1]))" = "1 1" ] ||
		fail "$what: $((after[0] - before[0])) certificates and $((after[1] - before[1])) keys were made"
	say_state | grep -q '"step":"idle"' || fail "$what: $(say_state)"
	[ -n "$reached" ]
}

start_daemon
need_provider
make_ca
api POST /v1/managed -H 'Content-Type: application/json' --data "{\"name\": \"web\", \"names\": [\"localhost\"],
	\"source\": {\"issuer\": \"internal\"}, \"directory\": \"$T/tls\", \"hook\": {\"argv\": [\"true\"]}}"
[ "$STATUS" = 201 ] || fail "$(cat "$T/body")"
"$KEYHOLD" agent --once 2>>"$T/agent.log"

rounds=0
for victims in agent keyholdd "agent keyholdd"; do
	for when in before after; do
		number=1
		# shellcheck disable=SC2086 # two victims are two words
		while attempt "$number" "$when" $victims; do
			number=$((number + 1))
			rounds=$((rounds + 1))
			[ "$number" -lt 40 ] || fail "a renewal that does not end"
		done
		[ "$number" -gt 10 ] || fail "only $number requests: $(tail -5 "$T/agent.log")"
	done
	say "killed at each of $((number - 1)) requests: $victims"
done
say "$rounds rounds, one key and one certificate in each"
[ "$(find "$T/tls" -mindepth 1 -maxdepth 1 ! -name .keyhold.lock | wc -l)" -le 4 ] || fail "$(ls -la "$T/tls")"
