#!/usr/bin/env bash
# The root's token is offline most of the time: it belongs to a keyholdd of its own, which runs
# only to sign the request of the CA that works every day.
. "$(dirname "$0")/lib.sh"

start_daemon
cd "$T"
OFFLINE=$T/offline/keyhold.sock
"$KEYHOLDD" --dev "$T/offline" >>"$T/offline.log" 2>&1 &
OFFLINE_PID=$!
PIDS+=("$OFFLINE_PID")
wait_for "the offline keyholdd's answer" "$KEYHOLD" --socket "$OFFLINE" status

"$KEYHOLD" --socket "$OFFLINE" ca create root --subject "/O=keyhold test/CN=offline root" \
	--crl-url http://crl.example/root >/dev/null
"$KEYHOLD" --socket "$OFFLINE" ca certificate root --out root.pem

"$KEYHOLD" ca create internal --external --subject "/O=keyhold test/CN=internal" >/dev/null
"$KEYHOLD" ca csr internal --out internal.csr
expect_status 1 "$KEYHOLD" --socket "$OFFLINE" cert sign internal.csr --ca root --profile server
expect_text "csr-ca-requested" out
"$KEYHOLD" --socket "$OFFLINE" cert sign internal.csr --ca root --profile intermediate --days 1825 \
	--out internal.pem >/dev/null
kill -TERM "$OFFLINE_PID"
wait_gone "$OFFLINE_PID"

cat internal.pem root.pem >bundle.pem
"$KEYHOLD" ca install internal --certificate bundle.pem >out
expect_text "active" out
"$KEYHOLD" cert issue web --ca internal --san localhost --out tls >/dev/null
openssl verify -x509_strict -purpose sslserver -verify_hostname localhost -CAfile root.pem \
	-untrusted tls/web.crt tls/web.crt
openssl x509 -in internal.pem -noout -text >text
expect_text "CA:TRUE, pathlen:0" text
expect_text "http://crl.example/root" text
