#!/usr/bin/env bash
# keyhold agent renews when an ACME server wants it (RFC 9773), and no more often than a server may ask for.
. "$(dirname "$0")/lib.sh"

# A day in twelve seconds.
DAEMON_OPTIONS=(--clock-rate 7200)
start_daemon
cd "$T"
unset http_proxy https_proxy ALL_PROXY
port=$(free_port)
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout issuing.key -out issuing.pem -days 100 -subj "/CN=outside" \
	-addext subjectAltName=IP:127.0.0.1 2>/dev/null
cat issuing.pem issuing.key >tls.pem
echo issues >mode
python3 "$HERE/acme_server.py" "$port" "$T" >server.log 2>&1 &
PIDS+=("$!")
wait_for "the server's answer" curl -sf --cacert issuing.pem "https://127.0.0.1:$port/dir"
"$KEYHOLD" key create account --use sign >/dev/null
"$KEYHOLD" managed add web --acme "https://127.0.0.1:$port/dir" --ca-file "$T/issuing.pem" --account account --challenge http-01 \
	--listen "127.0.0.1:$(free_port)" --san web.example --renew-before 30d --out "$T/tls" >/dev/null

# now: of the daemon's clock, in seconds.
now() {
	date -u -d "$(curl -sS --unix-socket "$KEYHOLD_SOCKET" http://localhost/v1/clock | grep -o '20[0-9]*-[0-9TZ:-]*')" +%s
}
agent() {
	"$KEYHOLD" agent --once 2>>agent.log || fail "$(tail -3 agent.log)"
}
# member NAME: a time of the state, in seconds.
member() {
	local text
	api GET /v1/managed/web
	text=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["state"][sys.argv[1]])' "$1" <body) || fail "no $1: $(cat body)"
	date -u -d "$text" +%s
}
serial() {
	openssl x509 -in tls/web/chain.pem -noout -serial
}
# window FROM UNTIL: what the server says from now on, in seconds.
window() {
	echo "$(date -u -d "@$1" +%FT%TZ) $(date -u -d "@$2" +%FT%TZ)" >window
	rm -f certid order
}
day=86400

say "the server's window takes the place of --renew-before"
agent
first=$(serial)
! grep -q replaces order || fail "the first one replaces $(cat order)"
from=$(($(now) + 40 * day))
window "$from" $((from + day))
before=$(now)
agent
due=$(member due)
[[ $due -ge $from && $due -le $((from + day)) ]] || fail "due at $due, not in a day from $from"
[ "$(serial)" = "$first" ] || fail "renewed before"
asks=$(member ask_window)
[[ $asks -ge $((before + 7200)) && $asks -le $(($(now) + 7200)) ]] || fail "asks again at $asks; it was $before before the first time"
rm certid
sleep 1.5 # two hours, and more
agent
[ -s certid ] || fail "the server was not asked again"
[ "$(member due)" = "$due" ] || fail "a time in the window was not kept"

say "one that lies in the past is not taken before a day is over"
installed=$(member installed)
window $((from - 50 * day)) $((from - 49 * day))
begun=$SECONDS
while [ "$(serial)" = "$first" ]; do
	[ $((SECONDS - begun)) -lt 120 ] || fail "not renewed: $(cat body)"
	sleep 1
	agent
done
apart=$(($(member installed) - installed))
[[ $apart -ge $day && $apart -lt $((30 * day)) ]] || fail "renewed $apart seconds after the first"
expect_text "\"replaces\":\"" order

say "a server that minds what is replaced is not told"
second=$(serial)
rm window
echo minds >mode
"$KEYHOLD" managed renew web >/dev/null
agent
[ "$(serial)" != "$second" ] || fail "not renewed"
! grep -q replaces order || fail "it was told $(cat order)"

say "one that says nothing of the kind, or nonsense, changes nothing"
echo no-renewal >mode
due=$(member due)
agent
[ "$(member due)" = "$due" ] || fail "due at $(member due), not $due"
! grep -q window.unknown agent.log || fail "$(grep window.unknown agent.log)"
"$KEYHOLD" managed renew web >/dev/null
echo issues >mode
agent
echo backwards >mode
due=$(member due)
agent
[ "$(member due)" = "$due" ] || fail "due at $(member due), not $due"
grep -q "window.unknown managed=web" agent.log || fail "$(tail -3 agent.log)"
