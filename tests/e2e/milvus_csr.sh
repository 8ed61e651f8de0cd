#!/usr/bin/env bash
# A request as Milvus's gen.sh makes it (CommonName only, no SAN) becomes a certificate
# that a strict verifier takes for localhost, signed by a key in the token.
. "$(dirname "$0")/lib.sh"

start_daemon
make_ca

# The parts of Milvus's openssl.cnf and gen.sh that shape the request.
cat >"$T/openssl.cnf" <<'EOF'
[ req ]
default_bits = 2048
distinguished_name = req_distinguished_name
attributes = req_attributes
string_mask = utf8only
req_extensions = v3_req
[ req_distinguished_name ]
countryName = Country Name (2 letter code)
commonName = Common Name
[ req_attributes ]
challengePassword = A challenge password
[ v3_req ]
basicConstraints = CA:FALSE
keyUsage = nonRepudiation, digitalSignature, keyEncipherment
EOF
openssl genpkey -quiet -algorithm RSA -out "$T/server.key" 2>/dev/null ||
	openssl genpkey -algorithm RSA -out "$T/server.key" 2>/dev/null
openssl req -new -nodes -key "$T/server.key" -out "$T/server.csr" -days 3650 \
	-subj "/C=CN/O=milvus/OU=milvus/CN=localhost" -config "$T/openssl.cnf" \
	-extensions v3_req 2>/dev/null
! openssl req -in "$T/server.csr" -noout -text | grep -q "Subject Alternative Name" ||
	fail "the request has a SAN, which Milvus's has not"

verify() {
	openssl verify -x509_strict -purpose "$1" -verify_hostname localhost -CAfile "$T/root.pem" \
		-untrusted "$T/$2.pem" "$T/$2.pem"
}
"$KEYHOLD" cert sign "$T/server.csr" --ca internal --profile server >"$T/server.pem" 2>"$T/said"
verify sslserver server
expect_text "subject O was not copied" "$T/said"
"$KEYHOLD" cert sign "$T/server.csr" --ca internal --profile client --out "$T/client.pem" >/dev/null 2>&1
verify sslclient client
"$KEYHOLD" cert sign "$T/server.csr" --ca internal --profile peer --out "$T/peer.pem" >/dev/null 2>&1
verify sslserver peer
verify sslclient peer
! verify sslclient server >/dev/null 2>&1 || fail "a server certificate passes for a client's"
say "recorded: $("$KEYHOLD" cert list --san localhost --json | grep -c '"serial"') certificates for localhost"
[ "$("$KEYHOLD" cert list --san localhost --json | grep -c '"serial"')" = 3 ] || fail "not all recorded"
