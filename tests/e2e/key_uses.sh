#!/usr/bin/env bash
# A tls key signs TLS and its own CSR and nothing else; a ca key signs nothing for clients.
. "$(dirname "$0")/lib.sh"

start_daemon
make_ca
"$KEYHOLD" key create web --use tls >/dev/null
"$KEYHOLD" key create papers --use sign >/dev/null

head -c 32 /dev/urandom >"$T/arbitrary"
# A TBSCertificate: the first element inside the root's own certificate.
openssl x509 -in "$T/root.pem" -outform DER >"$T/root.der"
openssl asn1parse -inform DER -in "$T/root.der" -strparse 4 -noout -out "$T/tbs"
printf '%s.%s' "$(printf '{"alg":"ES256","typ":"JWT"}' | base64 -w0)" \
	"$(printf '{"sub":"admin"}' | base64 -w0)" >"$T/jwt"

sign() { # sign KEY FILE
	api POST "/v1/keys/$1/sign?scheme=ecdsa_secp256r1_sha256" \
		-H 'Content-Type: application/octet-stream' --data-binary "@$2"
}
for what in arbitrary tbs jwt; do
	sign web "$T/$what"
	expect_problem 403
	expect_text '"type":"urn:keyhold:error:forbidden"' "$T/body"
	for ca in root internal; do
		sign "$ca" "$T/$what"
		expect_problem 403
	done
	sign papers "$T/$what"
	[ "$STATUS" = 200 ] || fail "a sign key refuses $what"
	"$KEYHOLD" key public papers >"$T/papers.pub"
	openssl dgst -sha256 -verify "$T/papers.pub" -signature "$T/body" "$T/$what" >/dev/null ||
		fail "the signature of $what does not verify"
done
say "arbitrary bytes, a TBSCertificate and a JWT: refused by tls and ca keys, signed by a sign key"

# What a TLS 1.3 server signs: 64 spaces, the context, a zero, a hash.
{
	printf '%64s' ''
	printf 'TLS 1.3, server CertificateVerify\0'
	head -c 32 /dev/urandom
} >"$T/verify13"
sign web "$T/verify13"
[ "$STATUS" = 200 ] || fail "a tls key refuses a CertificateVerify"
sign root "$T/verify13"
expect_problem 403
"$KEYHOLD" key csr web --san web.example >"$T/web.csr"
openssl req -in "$T/web.csr" -noout -verify 2>/dev/null || fail "the key's own CSR"
! "$KEYHOLD" key reference root >/dev/null 2>&1 || fail "a ca key has a reference"
