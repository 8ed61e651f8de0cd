#!/usr/bin/env bash
# keyhold agent renews a certificate from an ACME server; one that is not taken is not asked for again.
. "$(dirname "$0")/lib.sh"

. "$HERE/pebble.sh"

file_serial() {
	openssl x509 -in "$T/tls/web/chain.pem" -noout -serial
}

start_daemon
cd "$T"
start_pebble "" PEBBLE_WFE_NONCEREJECT=20 PEBBLE_AUTHZREUSE=0

"$KEYHOLD" key create account --use sign >/dev/null
"$KEYHOLD" acme register --acme "https://localhost:$api/dir" --ca-file pebble.pem --account account --agree-terms >/dev/null
api POST /v1/managed -H 'Content-Type: application/json' --data "{\"name\": \"web\", \"names\": [\"www.keyhold.test\"],
	\"source\": {\"acme\": \"https://localhost:$api/dir\", \"ca_file\": \"$T/pebble.pem\", \"account\": \"account\",
	\"challenge\": \"http-01\", \"listen\": \"127.0.0.1:$http\"}, \"directory\": \"$T/tls\",
	\"hook\": {\"argv\": [\"test\", \"!\", \"-e\", \"$T/hook-fails\"]}}"
[ "$STATUS" = 201 ] || fail "$(cat "$T/body")"

say "a certificate by http-01, from the agent's own listener"
"$KEYHOLD" agent --once 2>>agent.log || fail "$(tail -3 agent.log)"
openssl x509 -in tls/web/chain.pem -noout -ext subjectAltName | grep -q www.keyhold.test || fail "another name"
"$KEYHOLD" key public web | cmp - <(openssl x509 -in tls/web/chain.pem -noout -pubkey) || fail "another key"
first=$(file_serial)

say "one that is not taken is kept, and not asked for again"
touch hook-fails
api POST /v1/managed/web/renew
expect_status 3 "$KEYHOLD" agent --once
[ "$(file_serial)" = "$first" ] || fail "not gone back"
issued=$(grep -c 'Issued certificate serial' pebble.log)
rm hook-fails
api POST /v1/managed/web/renew
"$KEYHOLD" agent --once 2>>agent.log || fail "$(tail -3 agent.log)"
[ "$(file_serial)" != "$first" ] || fail "not renewed"
[ "$(grep -c 'Issued certificate serial' pebble.log)" -eq "$issued" ] || fail "asked for once more"
"$KEYHOLD" key public web | cmp - <(openssl x509 -in tls/web/chain.pem -noout -pubkey) || fail "another key"

say "a stop during an order takes away what was shown, and is no failure"
cat >hook <<END
#!/bin/sh
echo "\$1" >>"$T/verbs"
[ "\$1" = remove ] || sleep 8
END
chmod +x hook
api PUT /v1/managed/web -H 'Content-Type: application/json' --data "{\"names\": [\"www.keyhold.test\"],
	\"source\": {\"acme\": \"https://localhost:$api/dir\", \"ca_file\": \"$T/pebble.pem\", \"account\": \"account\",
	\"challenge\": \"dns-01\", \"dns_hook\": [\"$T/hook\"]}, \"directory\": \"$T/tls\"}"
[ "$STATUS" = 200 ] || fail "$(cat "$T/body")"
api POST /v1/managed/web/renew
"$KEYHOLD" agent --once 2>>agent.log &
waiting=$!
PIDS+=("$waiting")
wait_for "the hook" test -s verbs
kill -TERM "$waiting"
wait "$waiting" || true
[ "$(cat verbs)" = $'add\nremove' ] || fail "the hook was called for: $(tr '\n' ' ' <verbs)"
api GET /v1/managed/web
expect_text '"step":"issue"' "$T/body"
expect_text '"attempts":0' "$T/body"

say "what the server refuses is on record, whole"
api PUT /v1/managed/web -H 'Content-Type: application/json' --data "{\"names\": [\"refused.keyhold.test\"],
	\"source\": {\"acme\": \"https://localhost:$api/dir\", \"ca_file\": \"$T/pebble.pem\", \"account\": \"account\",
	\"challenge\": \"http-01\", \"webroot\": \"$T\"}, \"directory\": \"$T/tls\"}"
[ "$STATUS" = 200 ] || fail "$(cat "$T/body")"
expect_status 3 "$KEYHOLD" agent --once
api GET /v1/managed/web
expect_text "urn:ietf:params:acme:error:" "$T/body"
