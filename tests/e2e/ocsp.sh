#!/usr/bin/env bash
# Clients that keyhold did not write ask through nginx whether a certificate is good, and believe the answer; servers staple it.
. "$(dirname "$0")/lib.sh"


for program in ocsptool ocspclnt haproxy; do
	command -v "$program" >/dev/null || skip "$program is not installed"
done
start_daemon
need_provider
make_ca
"$KEYHOLD" ca certificate internal >"$T/internal.pem"
"$KEYHOLD" ca chain internal >"$T/ca.pem"
"$KEYHOLD" cert issue web --ca internal --san localhost --out "$T/tls" --pem >/dev/null
"$KEYHOLD" cert issue other --ca internal --san localhost --out "$T/tls" >/dev/null
OCSP_PORT=$(free_port)
URL=http://127.0.0.1:$OCSP_PORT/ocsp/internal
PORT=$(free_port)

# ocsp_recipe NAME: of the page about OCSP, with this story's places.
ocsp_recipe() {
	local PROXIES_MD=$HERE/../../docs/ocsp.md
	page_recipe "$1" | sed -e "s|127\.0\.0\.1:80|127.0.0.1:$OCSP_PORT|" \
		-e "s|/run/keyhold/keyhold\.sock|$KEYHOLD_SOCKET|" -e "s|/etc/keyhold/tls/ca\.pem|$T/ca.pem|"
}
start_nginx "$PORT" "$T/tls/web.crt" "$T/tls/web.key" "$(ocsp_recipe ocsp-nginx; ocsp_recipe ocsp-stapling)"

# ask_openssl CERTIFICATE [ARGUMENT...]: what openssl ocsp says, in $T/out.
ask_openssl() {
	local cert=$1
	shift
	openssl ocsp -issuer "$T/internal.pem" -cert "$cert" -url "$URL" -CAfile "$T/root.pem" \
		-verify_other "$T/internal.pem" "$@" >"$T/out" 2>&1 || {
		cat "$T/out" >&2
		fail "openssl ocsp $*"
	}
	expect_text "Response verify OK" "$T/out"
}

say "OpenSSL, by POST, with and without a nonce, by SHA-1 and SHA-256"
for option in -nonce -no_nonce; do
	ask_openssl "$T/tls/web.crt" "$option"
	expect_text "web.crt: good" "$T/out"
done
openssl ocsp -sha256 -issuer "$T/internal.pem" -cert "$T/tls/web.crt" -url "$URL" -CAfile "$T/root.pem" \
	-verify_other "$T/internal.pem" >"$T/out" 2>&1
expect_text "web.crt: good" "$T/out"

say "the answer has its signer's certificate, which may sign nothing else"
ask_openssl "$T/tls/web.crt" -resp_text
expect_text "OCSP Signing" "$T/out"
expect_text "OCSP No Check" "$T/out"
expect_text "CN=internal OCSP" "$T/out"

say "a serial that nobody was given"
openssl ocsp -issuer "$T/internal.pem" -serial 0x40ffffffffffffffffffffffffffffffffffffff -url "$URL" \
	-CAfile "$T/root.pem" -verify_other "$T/internal.pem" >"$T/out" 2>&1
expect_text "40ffffffffffffffffffffffffffffffffffffff: unknown" "$T/out"

say "GnuTLS asks, and verifies what openssl fetched"
ocsptool --ask="$URL" --load-cert "$T/tls/web.crt" --load-issuer "$T/internal.pem" \
	--load-signer "$T/internal.pem" --outfile "$T/gnutls.der" >"$T/out" 2>&1 || {
	cat "$T/out" >&2
	fail "ocsptool --ask"
}
expect_text "Certificate Status: good" "$T/out"
ask_openssl "$T/tls/web.crt" -no_nonce -respout "$T/openssl.der"
ocsptool --verify-response --load-response "$T/openssl.der" --load-trust "$T/ca.pem" >"$T/out" 2>&1 || {
	cat "$T/out" >&2
	fail "ocsptool --verify-response"
}
expect_text "Verifying OCSP Response: Success" "$T/out"

say "NSS asks"
mkdir "$T/nss"
certutil -N -d "sql:$T/nss" --empty-password
certutil -A -d "sql:$T/nss" -n root -t C,, -i "$T/root.pem"
certutil -A -d "sql:$T/nss" -n internal -t ,, -i "$T/internal.pem"
for name in web other; do
	openssl x509 -in "$T/tls/$name.crt" -out "$T/$name.pem"
	certutil -A -d "sql:$T/nss" -n "$name" -t ,, -i "$T/$name.pem"
done
# ask_nss NAME: what NSS says of the certificate, chain and all, in $T/out; the exit status is 0 anyway.
ask_nss() {
	ocspclnt -d "sql:$T/nss" -V "$1" -u s -l "$URL" -t internal >"$T/out" 2>&1
}
ask_nss other
expect_text 'Verification of certificate "other" succeeded' "$T/out"

# get REQUEST ESCAPES [CURL-ARGUMENT...]: by GET through nginx; status in STATUS.
get() {
	local base64
	base64=$(base64 -w0 "$1" | sed -e "$2")
	shift 2
	STATUS=$(curl -sS --max-time 20 --noproxy '*' --path-as-is -o "$T/answer.der" -D "$T/head" \
		-w '%{http_code}' "$@" "$URL/$base64")
}

# request FILE NONCE-OPTION: about web.crt.
request() {
	openssl ocsp -issuer "$T/internal.pem" -cert "$T/tls/web.crt" "$2" -reqout "$1"
}

say "by GET, its base64 escaped or not, with slashes in a row"
request "$T/random.der" -nonce
perl -0777 -pe 's/.{16}\z/"\xff" x 16/se' "$T/random.der" >"$T/slashes.der"
base64 -w0 "$T/slashes.der" | grep -q // || fail "the request has no slashes in its base64"
for escapes in 's|+|%2B|g;s|/|%2F|g;s|=|%3D|g' ''; do
	get "$T/slashes.der" "$escapes"
	[ "$STATUS" = 200 ] || fail "GET: $STATUS"
	expect_status 0 openssl ocsp -respin "$T/answer.der" -reqin "$T/slashes.der" -issuer "$T/internal.pem" \
		-CAfile "$T/root.pem" -verify_other "$T/internal.pem"
	expect_text "Response verify OK" "$T/out"
	! grep "no nonce" "$T/out" || fail "no nonce in the answer"
done

say "what may be kept says so, and is not sent twice"
request "$T/plain.der" -no_nonce
get "$T/plain.der" ''
etag=$(sed -n 's/^ETag: \(.*\)\r$/\1/p' "$T/head")
for field in 'Cache-Control: max-age=3600,public,no-transform,must-revalidate' Last-Modified: Expires: \
	'Content-Type: application/ocsp-response'; do
	expect_text "$field" "$T/head"
done
get "$T/plain.der" '' -H "If-None-Match: $etag"
[ "$STATUS" = 304 ] || fail "$STATUS instead of 304"

say "nginx staples it"
staples() {
	openssl s_client -connect "127.0.0.1:$PORT" -servername localhost -CAfile "$T/root.pem" \
		-status </dev/null >"$T/staple" 2>&1
	grep -q "Cert Status: $1" "$T/staple"
}
wait_for "nginx's staple" staples good
expect_text "Verify return code: 0 (ok)" "$T/staple"

say "HAProxy staples it from a file"
HAPROXY_PORT=$(free_port)
ask_openssl "$T/tls/other.crt" -no_nonce -respout "$T/tls/both.pem.ocsp"
HAPROXY_GLOBAL="stats socket $T/admin.sock level admin" \
	start_server haproxy "$HAPROXY_PORT" "$T/tls/other.crt" "$T/tls/other.key"
PORT=$HAPROXY_PORT wait_for "HAProxy's staple" staples good

say "revoked is said at once, although good was kept"
ask_openssl "$T/tls/other.crt" -no_nonce
expect_text "other.crt: good" "$T/out"
"$KEYHOLD" cert revoke --file "$T/tls/other.crt" --reason key_compromise >/dev/null
ask_openssl "$T/tls/other.crt" -no_nonce
expect_text "other.crt: revoked" "$T/out"
expect_text "Reason: keyCompromise" "$T/out"
expect_status 0 ocsptool --ask="$URL" --load-cert "$T/tls/other.crt" --load-issuer "$T/internal.pem" \
	--load-signer "$T/internal.pem"
expect_text "Certificate Status: revoked" "$T/out"
ask_nss other
expect_text "Peer's Certificate has been revoked" "$T/out"

say "HAProxy takes a newer one while it runs"
ask_openssl "$T/tls/other.crt" -no_nonce -respout "$T/newer.der"
echo "set ssl ocsp-response $(base64 -w0 "$T/newer.der")" |
	perl -MIO::Socket::UNIX -e 'my $s = IO::Socket::UNIX->new($ARGV[0]) or die; print $s <STDIN>;
	    shutdown $s, 1; print <$s>' "$T/admin.sock" >"$T/out"
expect_text "OCSP Response updated" "$T/out"
PORT=$HAPROXY_PORT wait_for "HAProxy's new staple" staples revoked
stop_server

say "another issuer's certificate, and no request at all, are refused in OCSP's own terms"
expect_status 1 openssl ocsp -issuer "$T/root.pem" -cert "$T/internal.pem" -url "$URL"
expect_text "Responder Error: unauthorized" "$T/out"
curl -sS --noproxy '*' -H 'Content-Type: application/ocsp-request' --data-binary nonsense "$URL" >"$T/answer.der"
expect_status 1 openssl ocsp -respin "$T/answer.der"
expect_text "Responder Error: malformedrequest" "$T/out"

say "an issuer that is retired has no answers, although they were kept"
set_state() {
	/usr/bin/python3 - "$T/dev/state/keyhold.db" "$1" <<-'PY'
		import sqlite3, sys
		with sqlite3.connect(sys.argv[1], timeout=10) as db:
		    db.execute("UPDATE issuers SET state = ? WHERE name = 'internal'", (sys.argv[2],))
	PY
}
set_state retired
expect_status 1 openssl ocsp -issuer "$T/internal.pem" -cert "$T/tls/web.crt" -url "$URL" -no_nonce
expect_text "Responder Error: unauthorized" "$T/out"
set_state retiring
ask_openssl "$T/tls/web.crt" -no_nonce
set_state active

say "the signer outlives a restart"
ask_openssl "$T/tls/web.crt" -resp_text -no_nonce
before=$(grep -A1 'Serial Number' "$T/out" | tail -1)
stop_daemon
start_daemon
ask_openssl "$T/tls/web.crt" -resp_text -nonce
[ "$(grep -A1 'Serial Number' "$T/out" | tail -1)" = "$before" ] || fail "another signer after a restart"
stop_nginx
