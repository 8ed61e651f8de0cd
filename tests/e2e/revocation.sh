#!/usr/bin/env bash
# A revoked certificate is in the CRL within seconds, and whoever reads the CRL refuses it: OpenSSL, GnuTLS,
# NSS, nginx.
. "$(dirname "$0")/lib.sh"

need_provider
start_daemon
make_ca
"$KEYHOLD" ca certificate internal >"$T/internal.pem"
cat "$T/internal.pem" "$T/root.pem" >"$T/chain.pem"

# client NAME: a key in a file, for programs that know no keyhold, and a certificate by profile client.
client() {
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$T/$1.key" -subj "/CN=$1.example" \
		-out "$T/$1.csr" 2>/dev/null
	"$KEYHOLD" cert sign "$T/$1.csr" --ca internal --profile client --out "$T/$1.crt" 2>/dev/null
}
serial_of() {
	openssl x509 -in "$1" -noout -serial | sed 's/.*=//' | tr 'A-F' 'a-f'
}
save_crls() {
	"$KEYHOLD" ca crl internal --out "$T/internal.crl"
	"$KEYHOLD" ca crl root --out "$T/root.crl"
	cat "$T/internal.crl" "$T/root.crl" >"$T/all.crl"
}
lists() {
	"$KEYHOLD" ca crl internal | openssl crl -noout -text | grep -qi "$1"
}
crl_number() {
	"$KEYHOLD" ca crl internal "$@" | openssl crl -noout -crlnumber | sed 's/.*=0x//'
}
verify() {
	openssl verify -x509_strict -crl_check_all -CRLfile "$T/all.crl" -CAfile "$T/root.pem" \
		-untrusted "$T/internal.pem" "$1"
}

say "every CA has a CRL at once"
client good
client bad
wait_for "a first CRL" "$KEYHOLD" ca crl internal
wait_for "the root's CRL" "$KEYHOLD" ca crl root
save_crls
expect_status 0 verify "$T/good.crt"
expect_status 0 verify "$T/bad.crt"

say "nginx lets both in"
port=$(free_port)
"$KEYHOLD" cert issue web --ca internal --san localhost --out "$T/tls" >/dev/null 2>&1
start_nginx "$port" "$T/tls/web.crt" "$T/tls/web.key" "ssl_client_certificate $T/chain.pem;
	ssl_verify_client on; ssl_verify_depth 2; ssl_crl $T/all.crl;
	add_header X-Verified \$ssl_client_verify always;"
as_client() {
	curl -s --max-time 10 --noproxy '*' --cacert "$T/root.pem" --cert "$T/$1.crt" --key "$T/$1.key" \
		-o "$T/page" -D "$T/page.head" -w '%{http_code}' "https://localhost:$port/"
}
[ "$(as_client good)" != 400 ] || fail "nginx refuses a good client: $(cat "$T/page")"
[ "$(as_client bad)" != 400 ] || fail "nginx refuses a client that is not revoked yet"

say "a revocation is listed within seconds"
start=$EPOCHREALTIME
"$KEYHOLD" cert revoke --file "$T/bad.crt" --reason key_compromise --invalidity-date 2026-01-31 >"$T/out"
expect_text key_compromise "$T/out"
serial=$(serial_of "$T/bad.crt")
wait_for "the revocation in the CRL" lists "$serial"
took=$(perl -e 'printf "%.1f", $ARGV[1] - $ARGV[0]' "$start" "$EPOCHREALTIME")
echo "listed after $took s"
"$KEYHOLD" cert list --status revoked >"$T/out"
expect_text "$serial" "$T/out"
"$KEYHOLD" cert show "$serial" >"$T/out"
expect_text key_compromise "$T/out"

say "OpenSSL refuses it, and no other"
save_crls
openssl crl -in "$T/internal.crl" -noout -text >"$T/out"
expect_text "Key Compromise" "$T/out"
expect_text "Invalidity Date" "$T/out"
expect_status 0 openssl crl -in "$T/internal.crl" -noout -verify -CAfile "$T/internal.pem"
expect_status 2 verify "$T/bad.crt"
expect_text "certificate revoked" "$T/out"
expect_status 0 verify "$T/good.crt"

say "and by the delta and an old CRL"
"$KEYHOLD" ca crl internal --delta --out "$T/delta.crl"
[ "$(crl_number)" = "$(crl_number --delta)" ] || fail "CRL and delta made together differ in number"
openssl crl -in "$T/delta.crl" -noout -text >"$T/out"
expect_text "Delta CRL Indicator: critical" "$T/out"

say "GnuTLS reads and verifies it"
expect_status 0 certtool --verify-crl --load-ca-certificate "$T/internal.pem" --infile "$T/internal.crl"
expect_status 0 certtool --crl-info --infile "$T/internal.crl"
expect_text "Revoked certificates (1)" "$T/out"
expect_status 0 certtool --crl-info --infile "$T/delta.crl"
expect_status 0 certtool --verify-crl --load-ca-certificate "$T/root.pem" --infile "$T/root.crl"

say "NSS refuses it, and no other"
db=sql:$T/nss
mkdir "$T/nss"
certutil -N -d "$db" --empty-password
certutil -A -d "$db" -n root -t CT,C,C -i "$T/root.pem"
certutil -A -d "$db" -n internal -t ,, -i "$T/internal.pem"
for name in good bad; do
	openssl x509 -in "$T/$name.crt" -out "$T/$name.leaf"
	certutil -A -d "$db" -n "$name" -t ,, -i "$T/$name.leaf"
	expect_status 0 certutil -V -d "$db" -n "$name" -u C
done
for name in root internal; do
	openssl crl -in "$T/$name.crl" -outform DER -out "$T/$name.crl.der"
	expect_status 0 crlutil -I -d "$db" -i "$T/$name.crl.der"
done
expect_status 0 certutil -V -d "$db" -n good -u C
expect_status 255 certutil -V -d "$db" -n bad -u C
expect_text "has been revoked" "$T/out"

say "nginx refuses it after a reload, and no other"
kill -HUP "$NGINX_PID"
refused() {
	[ "$(as_client bad)" = 400 ] && grep -q "SSL certificate error" "$T/page"
}
wait_for "nginx's refusal" refused
expect_text "FAILED:certificate revoked" "$T/page.head"
[ "$(as_client good)" != 400 ] || fail "nginx refuses a good client: $(cat "$T/page")"
stop_nginx

say "anybody gets it over HTTP, and caches are told what they need"
api GET /v1/issuers/internal/crl
[ "$STATUS" = 200 ] || fail "status $STATUS"
expect_text "application/pkix-crl" "$T/head"
expect_text "max-age=600" "$T/head"
expect_text "Vary: Accept" "$T/head"
openssl crl -inform DER -in "$T/body" -noout || fail "no DER"
etag=$(sed -n 's/^[Ee][Tt]ag: //p' "$T/head" | tr -d '\r')
api GET /v1/issuers/internal/crl -H "If-None-Match: $etag"
[ "$STATUS" = 304 ] || fail "status $STATUS instead of 304"
api GET /v1/issuers/internal/crl/0
expect_problem 404
api POST "/v1/certificates/$serial/revocation" -H 'Content-Type: application/json' -d '{"reason":"certificate_hold"}'
expect_problem 400

say "a CRL in parts: each certificate names its own, which lists it and no other does"
api POST /v1/issuers -H 'Content-Type: application/json' \
	-d '{"name":"divided","issuer":"root","crl_url":"http://pki.example/divided.crl","crl_shards":4}'
[ "$STATUS" = 201 ] || fail "status $STATUS: $(cat "$T/body")"
"$KEYHOLD" ca certificate divided >"$T/divided.pem"
"$KEYHOLD" cert sign "$T/bad.csr" --ca divided --profile client 2>"$T/out" &&
	fail "a compromised key was certified again"
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$T/part.key" -subj "/CN=part.example" \
	-out "$T/part.csr" 2>/dev/null
"$KEYHOLD" cert sign "$T/part.csr" --ca divided --profile client --out "$T/part.crt" 2>/dev/null
openssl x509 -in "$T/part.crt" -noout -ext crlDistributionPoints >"$T/out"
part=$(sed -n 's|.*URI:http://pki.example/divided.crl/||p' "$T/out")
[ "$part" = "$((16#$(serial_of "$T/part.crt" | tail -c 3) % 4))" ] || fail "part \"$part\" of $(serial_of "$T/part.crt")"
"$KEYHOLD" cert revoke --file "$T/part.crt" --reason superseded >/dev/null
listed_in_part() {
	"$KEYHOLD" ca crl divided "$@" >"$T/part.crl" && openssl crl -in "$T/part.crl" -noout -text |
		grep -qi "$(serial_of "$T/part.crt")"
}
verify_part() {
	openssl verify -x509_strict -crl_check -extended_crl -CRLfile "$T/part.crl" -CAfile "$T/root.pem" \
		-untrusted "$T/divided.pem" "$T/part.crt"
}
wait_for "the revocation in its part" listed_in_part --shard "$part"
expect_status 2 verify_part
expect_text "certificate revoked" "$T/out"
expect_status 0 certtool --verify-crl --load-ca-certificate "$T/divided.pem" --infile "$T/part.crl"
openssl crl -in "$T/part.crl" -outform DER -out "$T/part.crl.der"
certutil -A -d "$db" -n divided -t ,, -i "$T/divided.pem"
expect_status 1 crlutil -I -d "$db" -i "$T/part.crl.der"
expect_text SEC_ERROR_CRL_UNKNOWN_CRITICAL_EXTENSION "$T/out"
listed_in_part || fail "it is not in the CRL of all"
openssl crl -in "$T/part.crl" -outform DER -out "$T/part.crl.der"
expect_status 0 crlutil -I -d "$db" -i "$T/part.crl.der"
expect_status 2 verify_part
expect_text "certificate revoked" "$T/out"
openssl crl -in "$T/part.crl" -noout -text >"$T/out"
expect_text "http://pki.example/divided.crl/delta" "$T/out"
! listed_in_part --shard $(((part + 1) % 4)) || fail "it is in another part"
expect_status 2 verify_part
expect_text "different CRL scope" "$T/out"

say "a burst of revocations is one CRL"
crls_made() {
	grep -c 'event=crl.published issuer=internal ' "$T/keyholdd.log"
}
before=$(crls_made)
for i in 1 2 3 4 5 6; do
	client "many$i"
done
SECONDS=0
for i in 1 2 3 4 5 6; do
	"$KEYHOLD" cert revoke "$(serial_of "$T/many$i.crt")" >/dev/null
done
burst_s=$SECONDS
wait_for "the last of them in the CRL" lists "$(serial_of "$T/many6.crt")"
number=$(crl_number)
after=$(crls_made)
# One a second, however long they take.
[ $((after - before)) -le $((burst_s + 3)) ] || fail "6 revocations made $((after - before)) CRLs"
[ "$after" -gt "$before" ] || fail "the log does not tell of a CRL"

say "a restart serves the same CRL, and numbers go on"
"$KEYHOLD" ca crl internal --out "$T/before.crl"
stop_daemon
start_daemon
wait_for "a CRL" "$KEYHOLD" ca crl internal
"$KEYHOLD" ca crl internal | cmp - "$T/before.crl" || fail "the CRL is another one after a restart"
client late
"$KEYHOLD" cert revoke "$(serial_of "$T/late.crt")" >/dev/null
wait_for "it in the CRL" lists "$(serial_of "$T/late.crt")"
[ $((16#$(crl_number))) -gt $((16#$number)) ] || fail "the number did not rise"

say "what is published is in the log"
expect_text "event=crl.published issuer=internal" "$T/keyholdd.log"
stop_daemon
