#!/usr/bin/env bash
# HTTPS with a key in the token: from nothing to a handshake, any kind of key, renewed in time.
. "$(dirname "$0")/lib.sh"

# For the suppression of what SoftHSM leaks of an Ed25519 key.
export ASAN_OPTIONS=fast_unwind_on_malloc=0
. "$HERE/https_listener.sh"

say "before there is a certificate: no handshake, and the log says what to type"
start_with "client_auth: none"
wait_for_text 'https.unready' "$T/keyholdd.log"
expect_text 'type="keyhold ca create root --subject /CN=root; keyhold cert issue keyhold-server --ca root ' \
	"$T/keyholdd.log"
ask 000 GET /healthz -k
"$KEYHOLD" ca create root --subject /CN=root >/dev/null
"$KEYHOLD" ca certificate root >"$T/root.pem"
"$KEYHOLD" ca create internal --issuer root >/dev/null
"$KEYHOLD" cert issue keyhold-server --ca internal --san localhost --san 127.0.0.1 --out "$T/tls" >/dev/null
say "then, without a restart, there is one; and nobody else's server"
sleep 1.1
ask 200 GET /healthz --cacert "$T/root.pem"
ask 401 GET /v1/keys --cacert "$T/root.pem"
ask 000 GET /healthz
ask 200 GET /v1/issuers/internal/crl --cacert "$T/root.pem"
wait_for_text "actor=nobody:127.0.0.1" "$T/keyholdd.log"

say "keys of every kind, each from one handshake to the next"
for type in rsa-2048 ec-p384 ed25519 rsa-pss-2048 ec-p521 ec-p256; do
	"$KEYHOLD" key rotate keyhold-server --type "$type" >/dev/null
	ask 200 GET /healthz --cacert "$T/root.pem" # still by the key before
	"$KEYHOLD" cert issue keyhold-server --ca internal --san localhost --out "$T/tls" --force >/dev/null
	[ "$(served_with)" = "$(serial_of "$T/tls/keyhold-server.crt")" ] || fail "$type is not served"
	for version in 1.2 1.3; do
		ask 200 GET /healthz --cacert "$T/root.pem" "--tlsv$version" --tls-max "$version"
	done
done

say "a newer certificate that is not for servers does not take its place"
server=$(served_with)
"$KEYHOLD" cert issue keyhold-server --ca internal --profile client --san localhost --out "$T/tls" --force >/dev/null
[ "$(served_with)" = "$server" ] || fail "a certificate for clients is shown"
ask 200 GET /healthz --cacert "$T/root.pem"

say "its handshakes and its connections are counted"
api GET /metrics
grep -q '^keyhold_signatures_total{key="keyhold-server",scheme="rsa_pss_rsae_sha256",outcome="ok"} [1-9]' "$T/body" ||
	fail "the listener's signatures are not counted"
connections() {
	api GET /metrics
	python3 "$HERE/metrics.py" value "$T/body" 'keyhold_connections{reader="http"}'
}
has_connections() {
	[ "$(connections)" -eq "$1" ]
}
wait_for "no connection but this one" has_connections 1
openssl s_client -connect "127.0.0.1:$port" >"$T/out" 2>&1 < <(sleep 5) &
PIDS+=("$!")
wait_for_text "Verify return code" "$T/out"
has_connections 2 || fail "$(connections) connections, not this one and the one by TLS"

say "TLS 1.2 and 1.3, and no weak cipher"
sslscan --no-colour --no-failed "127.0.0.1:$port" >"$T/sslscan" 2>&1
for version in SSLv2 SSLv3 TLSv1.0 TLSv1.1; do
	grep -qE "^$version +disabled" "$T/sslscan" || fail "$version: $(cat "$T/sslscan")"
done
for version in TLSv1.2 TLSv1.3; do
	grep -qE "^$version +enabled" "$T/sslscan" || fail "$version: $(cat "$T/sslscan")"
done
awk '/Supported Server Cipher/, /^$/' "$T/sslscan" | awk '/^(Preferred|Accepted)/ { print $5 }' | sort -u >"$T/ciphers"
cat >"$T/wanted" <<-'EOF'
	ECDHE-ECDSA-AES128-GCM-SHA256
	ECDHE-ECDSA-AES256-GCM-SHA384
	ECDHE-ECDSA-CHACHA20-POLY1305
	TLS_AES_128_GCM_SHA256
	TLS_AES_256_GCM_SHA384
	TLS_CHACHA20_POLY1305_SHA256
EOF
diff "$T/wanted" "$T/ciphers" || fail "other ciphers: $(cat "$T/sslscan")"
! grep -q "Compression enabled" "$T/sslscan" || fail "compression: $(cat "$T/sslscan")"

say "GnuTLS loads none of p11-kit's modules beside ours"
stop_daemon
strace -f -qq -e trace=open,openat -o "$T/opened" env ASAN_OPTIONS=detect_leaks=0 "$KEYHOLDD" \
	--config "$T/own.yaml" >>"$T/keyholdd.log" 2>&1 &
PIDS+=("$!")
tracer=$!
wait_for "keyholdd's answer" "$KEYHOLD" status
ask 200 GET /healthz --cacert "$T/root.pem"
DAEMON_PID=$(pgrep -P "$tracer")
end_traced() {
	kill -TERM "$DAEMON_PID"
	wait "$tracer"
}
end_traced
[ "$(grep -c 'libsofthsm2.so.*= [0-9]' "$T/opened")" -eq 1 ] || fail "not one module: $(grep softhsm2.so "$T/opened")"
! grep -E 'p11-kit/modules|p11-kit-trust|pkcs11.conf|gnutls/pkcs11' "$T/opened" || fail "p11-kit's configuration is read"
start_with "client_auth: none"

say "no key in a file"
perl "$HERE/find_keys.pl" "$T/dev/state" "$T/own.yaml" "$T/tls" "$T/keyholdd.log" ||
	fail "a private key in a file"
stop_daemon

say "its certificate is renewed before it ends, by the daemon, without a restart"
start_with "client_auth: none"
api POST /v1/keys/keyhold-server/csr -H 'Content-Type: application/json' -d '{"sans":["localhost"]}'
cp "$T/body" "$T/server-short.csr"
request_json "$T/server-short.csr" server 24 >"$T/short.json"
api POST /v1/issuers/internal/certificates -H 'Content-Type: application/json' --data-binary "@$T/short.json"
cp "$T/body" "$T/short.crt"
[ "$(served_with)" = "$(serial_of "$T/short.crt")" ] || fail "the short one is not served"
for ((i = 0; i < 300; i++)); do
	grep -q "https.renewed.*was=$(serial_of "$T/short.crt")" "$T/keyholdd.log" && break
	sleep 0.1
done
renewed=$(served_with)
grep -q "https.renewed certificate=$renewed was=$(serial_of "$T/short.crt")" "$T/keyholdd.log" ||
	fail "it serves $renewed, which is not the renewed one"
"$KEYHOLD" --json cert show "$renewed" >"$T/out"
expect_text '"keyholdd"' "$T/out"
expect_text 'dns:localhost' "$T/out"
sleep 12 # it looks every ten seconds
[ "$(grep -c https.renewed "$T/keyholdd.log")" -eq 1 ] || fail "it renews again and again"
