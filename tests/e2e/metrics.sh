#!/usr/bin/env bash
# /metrics counts what was done, the dashboard and the alerts name what is there, and an id leads
# from any refusal to its line in the log.
. "$(dirname "$0")/lib.sh"

ROOT=$HERE/../..
RULES=$ROOT/packaging/prometheus/keyhold.rules.yml
DASHBOARD=$ROOT/packaging/grafana/keyhold.json
SIGN='/v1/keys/papers/sign?scheme=ecdsa_secp256r1_sha256'
OCTETS=(-H 'Content-Type: application/octet-stream' --data-binary)
BY_SHORTCUT=(-H 'Accept: */*')
BY_HTTP=(-H 'X-Any: 1') # a field that only the whole reader of HTTP takes

scrape() {
	api GET /metrics
	[ "$STATUS" = 200 ] || fail "/metrics: $STATUS"
	grep -qi '^content-type: text/plain; version=0.0.4; charset=utf-8' "$T/head" ||
		fail "/metrics is of another type"
	cp "$T/body" "$T/page"
	python3 "$HERE/metrics.py" check "$T/page"
}

# counts VALUE SAMPLE: on the last page.
counts() {
	local got
	got=$(python3 "$HERE/metrics.py" value "$T/page" "$2")
	[ "$got" = "$1" ] || fail "$2 is $got, not $1"
}

route() { # route METHOD ROUTE CODE
	printf 'keyhold_http_requests_total{method="%s",route="%s",code="%s"}' "$@"
}

id_of_answer() {
	sed -n 's/^[Xx]-[Rr]equest-[Ii]d: \([0-9a-f]*-[0-9a-f]*\)\r$/\1/p' "$T/head"
}

# logged EVENT ID STATUS
logged() {
	wait_for_text "event=$1 request=$2 actor=uid:$(id -u) " "$T/keyholdd.log"
	grep "event=$1 request=$2 " "$T/keyholdd.log" | grep -q "status=$3 why=\"" ||
		fail "request $2 is logged otherwise"
}

start_daemon
make_ca
"$KEYHOLD" key create papers --use sign >/dev/null
"$KEYHOLD" key create web --use tls >/dev/null
printf 'a message' >"$T/message"

say "N of each, and /metrics counts N of each:"
for ((i = 0; i < 20; i++)); do
	api POST "$SIGN" "${BY_SHORTCUT[@]}" "${OCTETS[@]}" "@$T/message"
	[ "$STATUS" = 200 ] || fail "signing: $STATUS"
done
for ((i = 0; i < 5; i++)); do
	api POST "$SIGN" "${BY_HTTP[@]}" "${OCTETS[@]}" "@$T/message"
	[ "$STATUS" = 200 ] || fail "signing: $STATUS"
done
for ((i = 0; i < 3; i++)); do
	api POST "${SIGN/papers/web}" "${BY_SHORTCUT[@]}" "${OCTETS[@]}" "@$T/message"
	expect_problem 403
done
for ((i = 0; i < 4; i++)); do
	"$KEYHOLD" cert issue "leaf$i" --ca internal --san "leaf$i.example" --out "$T/tls" >/dev/null
done
"$KEYHOLD" managed add site --san site.example --ca internal --out "$T/site" >/dev/null
report='{"revision":%s,"step":"idle","serial":"0a","not_before":"2026-01-31T00:00:00Z","not_after":"2126-01-31T00:00:00Z"}'
revision=$("$KEYHOLD" --json managed show site | sed -n 's/.*"revision": \([0-9]*\).*/\1/p')
# shellcheck disable=SC2059
printf "$report" "$revision" >"$T/report"
curl -sf --unix-socket "$KEYHOLD_SOCKET" -X PUT -H "Content-Type: application/json" --data-binary @"$T/report" \
	http://localhost/v1/managed/site/state >/dev/null
api GET /v1/keys/absent
api GET /absent
api PUT /v1/keys
head -c 20000 /dev/zero >"$T/zeros"
api POST /v1/keys -H 'Content-Type: application/json' --data-binary "@$T/zeros"
expect_problem 413
logged request.refused "$(id_of_answer)" 413
scrape
counts 25 "$(route POST '/v1/keys/{}/sign' 200)"
counts 3 "$(route POST '/v1/keys/{}/sign' 403)"
counts 4 "$(route POST '/v1/issuers/{}/certificates' 201)"
counts 5 "$(route GET '/v1/keys/{}' 404)" # cert issue looks for its key first
counts 1 "$(route POST /v1/keys 413)"
counts 1 "$(route none none 404)"
counts 1 "$(route none none 405)"
counts 28 'keyhold_request_seconds_count{method="POST",route="/v1/keys/{}/sign"}'
counts 25 'keyhold_signatures_total{key="papers",scheme="ecdsa_secp256r1_sha256",outcome="ok"}'
counts 3 'keyhold_signatures_total{key="web",scheme="ecdsa_secp256r1_sha256",outcome="refused"}'
counts 0 keyhold_audit_behind
counts 9 'keyhold_token_seconds_count{token="default",operation="generate"}' # one signs the audit record
counts 0 'keyhold_token_seconds_count{token="default",operation="decrypt"}'
counts 9 'keyhold_keys{token="default"}'
counts 1 keyhold_ready
counts 0 'keyhold_sessions_in_use{token="default"}'
counts 4 'keyhold_certificates_valid{issuer="internal"}'
counts 0 'keyhold_certificates_overdue{issuer="internal"}'
counts 1 'keyhold_connections{reader="http"}'
counts "$(date -u -d "$("$KEYHOLD" --json ca show root | sed -n 's/.*"not_after": "\(.*\)".*/\1/p')" +%s)" \
	'keyhold_certificate_expiry_timestamp_seconds{issuer="root"}'
counts "$(grep -c 'level=info' "$T/keyholdd.log")" 'keyhold_log_lines_total{level="info"}'
wait_for "the first CRL" grep -q 'event=crl.published issuer=internal' "$T/keyholdd.log"
scrape
counts "$(date -u -d 2126-01-31 +%s)" 'keyhold_managed_expiry_timestamp_seconds{name="site"}'
counts 0 'keyhold_managed_failed_attempts{name="site"}'

say "manual, dashboard and alerts name what is there:"
"$KEYHOLD" expiry --metrics "$T/textfile" >/dev/null
cat "$T/page" "$T/textfile" >"$T/all"
cat "$ROOT/docs/monitoring.md" "$ROOT/docs/expiry.md" >"$T/manual.md"
python3 "$HERE/metrics.py" names "$T/all" "$T/manual.md" "$DASHBOARD" "$RULES"
for name in keyhold_ready keyhold_expiry_faults; do
	sed "s/$name/keyhold_planted/" "$RULES" >"$T/planted.yml"
	expect_status 1 python3 "$HERE/metrics.py" names "$T/all" "$T/manual.md" "$T/planted.yml"
done
if type -P promtool >/dev/null; then
	promtool check metrics <"$T/page"
	promtool check rules "$RULES"
	promtool test rules "${RULES%.yml}.test.yml"
	python3 "$HERE/metrics.py" rules "$DASHBOARD" >"$T/dashboard.yml"
	promtool check rules "$T/dashboard.yml"
else
	say "no promtool (Debian's package prometheus): the alerts themselves are not tested"
fi

say "an id in every answer, ours and no other:"
for way in BY_SHORTCUT BY_HTTP; do
	declare -n headers=$way
	api POST "${SIGN/papers/web}" "${headers[@]}" "${OCTETS[@]}" "@$T/message"
	expect_problem 403
	logged request.refused "$(id_of_answer)" 403
done
api GET /v1/keys/absent -H 'X-Request-Id: mine'
[ -n "$(id_of_answer)" ] || fail "an answer without an id"
logged request.refused "$(id_of_answer)" 404
! grep -q 'request=mine' "$T/keyholdd.log" || fail "a client chose its id"
expect_status 1 "$KEYHOLD" key show absent
id=$(sed -n 's/^  request \([0-9a-f]*-[0-9a-f]*\)$/\1/p' "$T/out")
[ -n "$id" ] || fail "keyhold does not say which request it was"
logged request.refused "$id" 404

say "keyhold.so leaves it in OpenSSL's error:"
need_provider
"$KEYHOLD" key reference web --out "$T/web.key"
! "${WITH_PROVIDER[@]}" openssl dgst -sha256 -sign "$T/web.key" -out "$T/signature" "$T/message" 2>"$T/refusal" ||
	fail "a key of use tls signed a message"
id=$(sed -n 's/.*keyholdd answered 403: .* (request \([0-9a-f]*-[0-9a-f]*\)).*/\1/p' "$T/refusal" | head -n 1)
[ -n "$id" ] || fail "no id in: $(cat "$T/refusal")"
logged request.refused "$id" 403

say "a token that has lost its keys:"
stop_daemon
find "$T/dev/token" -name '*.object' ! -name token.object -delete
"$KEYHOLDD" --dev "$T/dev" >>"$T/keyholdd.log" 2>&1 &
DAEMON_PID=$!
PIDS+=("$DAEMON_PID")
wait_for "keyholdd's answer" curl -sf --unix-socket "$KEYHOLD_SOCKET" http://localhost/healthz
api POST "$SIGN" "${BY_SHORTCUT[@]}" "${OCTETS[@]}" "@$T/message"
expect_problem 503
logged request.failed "$(id_of_answer)" 503
scrape
counts 0 keyhold_ready
counts 1 "$(route POST '/v1/keys/{}/sign' 503)"
counts 1 'keyhold_signatures_total{key="papers",scheme="ecdsa_secp256r1_sha256",outcome="failed"}'
stop_daemon
