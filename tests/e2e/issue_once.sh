#!/usr/bin/env bash
# Asking again gives the certificate that was issued; renewing and finding it needs only its serial.
. "$(dirname "$0")/lib.sh"

start_daemon
make_ca
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$T/own.key" -subj /CN=a.example \
	-addext subjectAltName=DNS:a.example -out "$T/a.csr" 2>/dev/null

serials() {
	"$KEYHOLD" cert list "$@" | awk 'NR > 1 { print $1 }'
}

say "one certificate for a key, also from the next process"
sign() {
	"$KEYHOLD" cert sign "$T/a.csr" --ca internal --idempotency-key job-1
}
sign >"$T/first.pem"
sign >"$T/second.pem"
stop_daemon
start_daemon
sign >"$T/third.pem"
for again in second third; do
	cmp "$T/first.pem" "$T/$again.pem" || fail "not the same certificate"
done
[ "$(serials --san a.example | wc -l)" -eq 1 ] || fail "more than one certificate"
expect_status 1 "$KEYHOLD" cert sign "$T/a.csr" --ca internal --days 2 --idempotency-key job-1
expect_text "was sent with another request" "$T/out"

say "renewed for the same names, and verified by OpenSSL"
serial=$(serials --san a.example)
"$KEYHOLD" cert renewal-info "$serial" >"$T/out"
expect_text "renew from" "$T/out"
"$KEYHOLD" cert renew "$serial" --days 9 --out "$T/renewed.pem"
openssl verify -x509_strict -CAfile "$T/root.pem" -untrusted "$T/renewed.pem" -verify_hostname a.example \
	"$T/renewed.pem" >/dev/null || fail "the renewed certificate does not verify"
[ "$(openssl x509 -in "$T/renewed.pem" -noout -pubkey)" = "$(openssl pkey -in "$T/own.key" -pubout)" ] ||
	fail "another key"
expect_status 1 "$KEYHOLD" cert renew 00

say "found by what ends soon, and by the key"
new=$(openssl x509 -in "$T/renewed.pem" -noout -serial | tr A-F a-f)
[ "$(serials --expiring 10d)" = "${new#serial=}" ] || fail "not what ends in ten days: $(serials --expiring 10d)"
[ -z "$(serials --expiring 12h)" ] || fail "something ends in twelve hours"
hash=$(openssl pkey -in "$T/own.key" -pubout -outform DER | sha256sum | cut -d' ' -f1)
[ "$(serials --key "spki:$hash" | wc -l)" -eq 2 ] || fail "not two certificates of the key"
"$KEYHOLD" cert issue web --ca internal --san b.example --out "$T/tls" >/dev/null
[ "$(serials --key web | wc -l)" -eq 1 ] || fail "not one certificate of web"

say "in each form, as OpenSSL reads it"
api GET "/v1/certificates/$serial" -H 'Accept: application/pkcs7-mime; smime-type=certs-only'
[ "$(openssl pkcs7 -inform DER -in "$T/body" -print_certs | grep -c BEGIN)" -eq 2 ] || fail "PKCS#7"
api GET "/v1/certificates/$serial" -H 'Accept: application/pkix-cert'
openssl x509 -inform DER -in "$T/body" -noout || fail "DER"
api GET "/v1/certificates/$serial" -H 'Accept: text/html'
expect_problem 406
