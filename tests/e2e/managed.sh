#!/usr/bin/env bash
# What is to renew itself is defined, tried without doing anything, refused with reasons, and moved on by one agent
# at a time; over a restart nothing of it is lost.
. "$(dirname "$0")/lib.sh"
command -v curl >/dev/null || skip "no curl"

start_daemon
make_ca
JSON='Content-Type: application/json'

# member NAME: of the answer of api, a string or a number.
member() {
	grep -oP "\"$1\":\"?\\K[^\",}]+" "$T/body" | head -n 1
}

count_certificates() {
	"$KEYHOLD" --json cert list | grep -c '"serial"' || true
}

say "a dry run says what would be, and makes nothing"
before=$(count_certificates)
add=(managed add web --san api.example --san 10.0.0.1 --ca internal --days 90 --renew-before 30d --out "$T/tls"
	--group "$WORKER_GROUP" --reload "systemctl reload nginx" --verify 127.0.0.1:8443)
"$KEYHOLD" "${add[@]}" --dry-run >"$T/out"
expect_text "dns:api.example ip:10.0.0.1" "$T/out"
expect_text "renewed 6 times in a year" "$T/out"
expect_text "$T/tls/web/both.pem" "$T/out"
expect_text "systemctl reload nginx, at most 30 s" "$T/out"
[ "$(count_certificates)" = "$before" ] || fail "a dry run issued something"
expect_status 1 "$KEYHOLD" managed show web
expect_status 1 "$KEYHOLD" key show web
[ ! -e "$T/tls" ] || fail "a dry run wrote files"

say "what would be refused at the first renewal is refused now"
expect_status 1 "$KEYHOLD" managed add bad --san a_b.example --ca internal --out /tls
expect_text san-dns-characters "$T/out"
expect_status 1 "$KEYHOLD" managed add bad --san a.example --ca internal --days 9999 --out /tls
expect_text validity-range "$T/out"
expect_status 1 "$KEYHOLD" managed add bad --san a.example --ca nobody --out /tls
expect_status 2 "$KEYHOLD" managed add bad --san a.example --ca internal --out tls
expect_text "--out tls: say where from the root" "$T/out"
expect_status 2 "$KEYHOLD" managed add bad --san a.example --ca internal --out /tls --verify gopher://a.example:70
expect_text "--verify gopher://a.example:70: the protocol is none of https, postgres" "$T/out"
expect_status 1 "$KEYHOLD" managed add bad --san a.example --ca internal --out /tls --mode 0666
expect_text "others must not write" "$T/out"
expect_status 2 "$KEYHOLD" managed add bad --san a.example --ca internal --out /tls --reload 'a | b'
expect_text "to a shell only" "$T/out"
expect_status 1 "$KEYHOLD" managed add root --san a.example --ca internal --out /tls
expect_text "its use is ca" "$T/out"
"$KEYHOLD" managed list >"$T/out"
expect_text none "$T/out"

say "defined: due at once, and as it was said"
"$KEYHOLD" "${add[@]}" >"$T/out"
expect_text "web: due " "$T/out"
expect_status 1 "$KEYHOLD" "${add[@]}"
expect_text "already" "$T/out"
"$KEYHOLD" managed show web >"$T/out"
expect_text "127.0.0.1:8443" "$T/out"

say "an agent moves it on, one at a time"
api GET /v1/managed/web
revision=$(member revision)
key='"step":"key"'
api PUT /v1/managed/web/state -H "$JSON" -d "{\"revision\":$revision,$key}"
[ "$STATUS" = 200 ] || fail "status $STATUS for a report: $(cat "$T/body")"
api PUT /v1/managed/web/state -H "$JSON" -d "{\"revision\":$revision,$key}"
expect_problem 409
from=$(date -ud "-1 day" +%Y-%m-%dT%H:%M:%SZ)
until=$(date -ud "+89 days" +%Y-%m-%dT%H:%M:%SZ)
certificate="\"serial\":\"0a\",\"not_before\":\"$from\",\"not_after\":\"$until\""
api PUT /v1/managed/web/state -H "$JSON" \
	-d "{\"revision\":$((revision + 1)),\"step\":\"idle\",$certificate,\"outcome\":\"renewed\"}"
[ "$STATUS" = 200 ] || fail "status $STATUS for a report: $(cat "$T/body")"
due=$(member due)
# 30 days before the end, and up to three later.
[[ "$due" > $(date -ud "+58 days" +%Y-%m-%d) && "$due" < $(date -ud "+63 days" +%Y-%m-%d) ]] || fail "due $due"
expect_text event=managed.renewed "$T/keyholdd.log"
"$KEYHOLD" managed list >"$T/out"
expect_text "$until" "$T/out"
curl -sS --unix-socket "$KEYHOLD_SOCKET" http://localhost/metrics >"$T/metrics"
expect_text "keyhold_managed_expiry_timestamp_seconds{name=\"web\"} $(date -ud "$until" +%s)" "$T/metrics"

say "over a restart nothing is lost"
end_with KILL "$DAEMON_PID"
start_daemon
api GET /v1/managed/web
[ "$(member due)" = "$due" ] || fail "due $(member due) instead of $due"
[ "$(member revision)" = $((revision + 2)) ] || fail "revision $(member revision)"

say "renewed when somebody says so, and until it is"
"$KEYHOLD" managed renew web >"$T/out"
api GET /v1/managed/web
[[ "$(member due)" < $(date -ud "+1 hour" +%Y-%m-%dT%H) ]] || fail "due $(member due)"
api PUT /v1/managed/web/state -H "$JSON" -d "{\"revision\":$((revision + 3)),\"step\":\"idle\",$certificate,
	\"attempts\":1,\"last_error\":\"served is another\\nsecond line\",\"outcome\":\"rolled-back\"}"
[ "$STATUS" = 200 ] || fail "status $STATUS for a report: $(cat "$T/body")"
[[ "$(member due)" < $(date -ud "+1 hour" +%Y-%m-%dT%H) ]] || fail "a rollback made it due $(member due)"
expect_text 'event=managed.failed' "$T/keyholdd.log"
"$KEYHOLD" managed show web >"$T/out"
expect_text "  second line" "$T/out"

"$KEYHOLD" managed list >"$T/out"
expect_text "served is another..." "$T/out"

say "while a renewal is under way no other is promised"
api PUT /v1/managed/web/state -H "$JSON" -d "{\"revision\":$((revision + 4)),\"step\":\"install\",$certificate}"
"$KEYHOLD" managed renew --all >"$T/out"
expect_text "web: a renewal is under way, at step install" "$T/out"

say "changed: another name takes another certificate, another hook does not"
api PUT /v1/managed/web/state -H "$JSON" \
	-d "{\"revision\":$((revision + 6)),\"step\":\"idle\",$certificate,\"outcome\":\"renewed\"}"
"$KEYHOLD" managed change web --reload '' >"$T/out"
expect_text "due ${due%T*}" "$T/out"
"$KEYHOLD" managed show web >"$T/out"
! grep -q systemctl "$T/out" || fail "the hook is still there"
"$KEYHOLD" managed change web --san other.example --dry-run >"$T/out"
expect_text "dns:other.example" "$T/out"
"$KEYHOLD" managed show web >"$T/out"
expect_text "api.example" "$T/out"
year=$(date -u +%Y)
"$KEYHOLD" managed change web --san other.example >"$T/out"
grep -qE "due ($year|$(date -u +%Y))-" "$T/out" || fail "not due now: $(cat "$T/out")"
expect_status 1 "$KEYHOLD" managed change web --san 'a b'
"$KEYHOLD" managed show web >"$T/out"
expect_text "other.example" "$T/out"

say "changed: of an ACME source what is given, and due only where it comes from elsewhere"
"$KEYHOLD" key create account --use sign >/dev/null
expect_status 2 "$KEYHOLD" managed change web --acme https://ca.example/dir
expect_text "--acme needs --account" "$T/out"
"$KEYHOLD" managed change web --acme https://ca.example/dir --account account --ca-file /etc/ca.pem >/dev/null
api GET /v1/managed/web
api PUT /v1/managed/web/state -H "$JSON" \
	-d "{\"revision\":$(member revision),\"step\":\"idle\",$certificate,\"outcome\":\"renewed\"}"
"$KEYHOLD" managed change web --challenge tls-alpn-01 >"$T/out"
expect_text "due ${due%T*}" "$T/out"
"$KEYHOLD" managed show web >"$T/out"
expect_text "tls-alpn-01" "$T/out"
expect_text /etc/ca.pem "$T/out"
expect_status 1 "$KEYHOLD" key delete account --yes
"$KEYHOLD" managed change web --ca internal >/dev/null

say "removed: its key and what was issued stay"
"$KEYHOLD" key create web --use tls >/dev/null
expect_status 1 "$KEYHOLD" key delete web --yes
expect_text "managed certificate web" "$T/out"
"$KEYHOLD" managed remove web >"$T/out"
expect_text "keyhold cert list --san other.example" "$T/out"
expect_status 1 "$KEYHOLD" managed show web
"$KEYHOLD" key show web >"$T/out"
[ "$(count_certificates)" = "$before" ] || fail "certificates are not as they were"
wait_for "a signed end" "$KEYHOLD" audit verify
"$KEYHOLD" audit tail --lines 50 >"$T/out"
for action in added changed hastened renewed rolled-back removed; do
	expect_text "managed.$action" "$T/out"
done
stop_daemon

# A rule as docs/managed.md has it is enough for an agent, and no more.
[ "$(id -u)" -eq 0 ] || {
	say "not root: what a rule allows was not tried"
	exit 0
}
. "$HERE/rules.sh"
give_away
start_with "access:
  - { who: \"unix:60061\", may: [manage, issue], keys: [\"site-*\"], issuers: [internal], profiles: [server], names: [\"*.svc.example\"] }"
for name in site-a other; do
	"$KEYHOLD" managed add "$name" --san a.svc.example --ca internal --out /tls >/dev/null
done
"$KEYHOLD" key create other --use tls >/dev/null
AGENT=(setpriv --reuid 60061 --regid 60061 --clear-groups)
"${AGENT[@]}" test -x "$KEYHOLD" || {
	say "other users cannot reach the build: what a rule allows was not tried"
	exit 0
}
say "with its rule an agent does all of a renewal"
"${AGENT[@]}" "$KEYHOLD" managed list >"$T/out"
expect_text site-a "$T/out"
! grep -q other "$T/out" || fail "it sees what is not its own"
"${AGENT[@]}" "$KEYHOLD" key create site-a --use tls >/dev/null
"${AGENT[@]}" "$KEYHOLD" key rotate site-a >/dev/null
"${AGENT[@]}" "$KEYHOLD" key show site-a >/dev/null
"${AGENT[@]}" "$KEYHOLD" key reference site-a >/dev/null
"${AGENT[@]}" "$KEYHOLD" key list >"$T/out"
! grep -q other "$T/out" || fail "it sees keys that are not its own"
[ "$(grep -c site-a "$T/out")" = 2 ] || fail "it does not see the key that was replaced"
"${AGENT[@]}" "$KEYHOLD" key csr site-a --san a.svc.example >"$T/site-a.csr"
"${AGENT[@]}" "$KEYHOLD" cert sign - --ca internal --profile server <"$T/site-a.csr" >/dev/null
"${AGENT[@]}" "$KEYHOLD" managed renew site-a >/dev/null
api GET '/v1/certificates?issuer=internal'
serial=$(grep -oP '"serial":"\K[0-9a-f]+' "$T/body" | tail -n 1)
"${AGENT[@]}" curl -sf --unix-socket "$KEYHOLD_SOCKET" "http://localhost/v1/certificates/$serial/renewal-info" >"$T/out"
! grep -q revoked "$T/out" || fail "it is not revoked: $(cat "$T/out")"
"$KEYHOLD" cert revoke "$serial" >/dev/null
"${AGENT[@]}" curl -sf --unix-socket "$KEYHOLD_SOCKET" "http://localhost/v1/certificates/$serial/renewal-info" >"$T/out"
expect_text '"revoked":true' "$T/out"
old=$("${AGENT[@]}" "$KEYHOLD" --json key list | grep -oP '"spki_sha256": "\K[^"]+' | tail -n 1)
"${AGENT[@]}" "$KEYHOLD" key delete "spki:$old" --yes >/dev/null

say "and nothing else"
expect_status 1 "${AGENT[@]}" "$KEYHOLD" managed add site-b --san a.svc.example --ca internal --out /tls
expect_status 1 "${AGENT[@]}" "$KEYHOLD" managed change site-a --san b.svc.example
expect_status 1 "${AGENT[@]}" "$KEYHOLD" managed remove site-a
expect_status 1 "${AGENT[@]}" "$KEYHOLD" managed show other
expect_status 1 "${AGENT[@]}" "$KEYHOLD" managed renew other
expect_status 1 "${AGENT[@]}" "$KEYHOLD" key show other
expect_status 1 "${AGENT[@]}" "$KEYHOLD" cert list
expect_status 1 "${AGENT[@]}" "$KEYHOLD" audit tail
"${AGENT[@]}" "$KEYHOLD" key csr site-a --san b.example >"$T/site-a.csr"
expect_status 1 "${AGENT[@]}" "$KEYHOLD" cert sign "$T/site-a.csr" --ca internal --profile server
