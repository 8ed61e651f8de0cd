#!/usr/bin/env bash
# Two tiers: a root that is elsewhere, here openssl's, signs the request of a CA whose key is
# made in the token. What that CA signs leads to the root, and its names stay within limits.
. "$(dirname "$0")/lib.sh"

start_daemon
cd "$T"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout outside.key -days 3650 \
	-subj "/O=elsewhere/CN=outside root" -addext keyUsage=critical,keyCertSign,cRLSign \
	-out outside.pem 2>/dev/null

"$KEYHOLD" ca create internal --external --path-len 0 --subject "/O=keyhold test/CN=internal" >out
expect_text "pending" out
expect_text "ca csr internal" out
"$KEYHOLD" ca csr internal --out internal.csr
openssl req -in internal.csr -verify -noout 2>/dev/null || fail "the request's signature"
openssl req -in internal.csr -noout -text >text
expect_text "CA:TRUE, pathlen:0" text
expect_text "Certificate Sign, CRL Sign" text

openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout leaf.key \
	-subj /CN=localhost -out leaf.csr 2>/dev/null
expect_status 1 "$KEYHOLD" cert sign leaf.csr --ca internal
expect_text "pending" out

sign() {
	openssl x509 -req -in internal.csr -CA outside.pem -CAkey outside.key -days 365 \
		-extfile "$1" -out "$2" 2>/dev/null
}

say "a certificate that could not sign is refused, with every reason"
printf 'subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\nbasicConstraints=CA:FALSE\nkeyUsage=digitalSignature\n' >leaf.ext
sign leaf.ext wrong.pem
expect_status 1 "$KEYHOLD" ca install internal --certificate wrong.pem
expect_text "issuer-certificate-ca" out
expect_text "issuer-certificate-key-usage" out

cat >ca.ext <<'EXT'
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
basicConstraints=critical,CA:TRUE,pathlen:0
keyUsage=critical,keyCertSign,cRLSign
nameConstraints=critical,permitted;DNS:localhost,permitted;DNS:svc.example
EXT
sign ca.ext internal.pem
cat internal.pem outside.pem >bundle.pem
"$KEYHOLD" ca install internal --certificate bundle.pem >out
expect_text "active" out
"$KEYHOLD" cert sign leaf.csr --ca internal --profile server --out leaf.pem >/dev/null 2>&1
openssl verify -x509_strict -verify_hostname localhost -CAfile outside.pem -untrusted leaf.pem leaf.pem
"$KEYHOLD" ca chain internal >chain.pem
[ "$(grep -c BEGIN chain.pem)" = 2 ] || fail "the chain lacks the root elsewhere"

say "what is above it is watched"
api GET /v1/expiry
python3 -c 'import json, sys; chain = [i for i in json.load(sys.stdin)["items"] if i["kind"] == "chain"]
assert [(i["name"], i["issuer"]) for i in chain] == [("CN=outside root,O=elsewhere", "internal")], chain' <body ||
	fail "$(cat body)"

say "the root's name constraints hold here"
openssl req -new -key leaf.key -subj /CN=www.example.org -out www.csr
expect_status 1 "$KEYHOLD" cert sign www.csr --ca internal
expect_text "san-name-constraints" out

say "and so do one's own"
"$KEYHOLD" ca create root >/dev/null
"$KEYHOLD" ca create team --issuer root --path-len 0 --permit dns:team.example --permit ip:10.1.0.0/16 \
	--exclude dns:secret.team.example >/dev/null
"$KEYHOLD" ca certificate team | openssl x509 -noout -text >text
expect_text "X509v3 Name Constraints: critical" text
expect_text "DNS:secret.team.example" text
expect_status 1 "$KEYHOLD" cert sign leaf.csr --ca team
expect_text "san-name-constraints" out

say "private keys stay where they are"
cat outside.key outside.pem >both.pem
expect_status 4 "$KEYHOLD" ca install internal --certificate both.pem
expect_text "private key" out

say "the certificate is on the token, beside its key"
SOFTHSM2_CONF=$T/dev/token/softhsm2.conf pkcs11-tool \
	--module "$(find /usr/lib -name libsofthsm2.so | head -n 1)" --token-label keyhold-dev \
	--list-objects --type cert >text 2>&1 || fail "$(cat text)"
expect_text "label:      internal" text
expect_text "label:      team" text
