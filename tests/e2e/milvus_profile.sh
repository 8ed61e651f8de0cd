#!/usr/bin/env bash
# From the openssl.cnf and gen.sh of a Milvus user to keyhold: the file becomes a profile,
# the CA's key is in the token, and the requests that gen.sh makes get certificates that
# strict verifiers take, within what the file's policy says.
. "$(dirname "$0")/lib.sh"

start_daemon
cd "$T"

# What matters of such a file, as openssl ca and openssl x509 read it.
cat >openssl.cnf <<'EOF'
[ ca ]
default_ca = CA_default
[ CA_default ]
dir = ./demoCA
database = $dir/index.txt
private_key = $dir/private/cakey.pem
x509_extensions = usr_cert
copy_extensions = copy
default_days = 365
default_md = default
policy = policy_match
[ policy_match ]
countryName = match
stateOrProvinceName = match
organizationName = match
organizationalUnitName = optional
commonName = supplied
emailAddress = optional
[ req ]
default_bits = 2048
distinguished_name = req_distinguished_name
req_extensions = v3_req
string_mask = utf8only
[ req_distinguished_name ]
countryName = Country
commonName = Name
[ usr_cert ]
basicConstraints = CA:FALSE
[ v3_req ]
basicConstraints = CA:FALSE
keyUsage = nonRepudiation, digitalSignature, keyEncipherment
EOF

subject=/C=CN/ST=Shanghai/L=Shanghai/O=milvus/OU=milvus
"$KEYHOLD" ca create milvus --subject "$subject/CN=milvus CA" --type rsa-2048 >/dev/null
"$KEYHOLD" ca certificate milvus >root.pem

"$KEYHOLD" profile import openssl.cnf --section v3_req --policy policy_match --ca milvus \
	>milvus.yaml 2>notes
expect_text 'copy_extensions = copy: left out' notes
expect_text 'keyUsage = nonRepudiation: left out' notes
expect_text 'emailAddress = optional: left out' notes
expect_text 'subject: "/C=CN/ST=Shanghai/O=milvus"' milvus.yaml
expect_text 'key_encipherment: true' milvus.yaml

# The one thing that the file could not say: which names.
sed -i -e 's/"\*\*"/"localhost"\n  - "*.milvus.svc.example"/' -e '/ip_addresses/,/::/d' milvus.yaml
"$KEYHOLD" profile set milvus milvus.yaml >said
expect_text 'profile milvus: version' said

# What is shown can be set again, and is the same then.
"$KEYHOLD" profile show milvus >shown.yaml
"$KEYHOLD" profile set milvus shown.yaml >/dev/null
"$KEYHOLD" profile show milvus >again.yaml
diff <(grep -v '^version:' shown.yaml) <(grep -v '^version:' again.yaml) ||
	fail "show, set and show again is not the same"
# And that file is of a version that is gone.
expect_status 1 "$KEYHOLD" profile set milvus shown.yaml
expect_text 'keyhold profile show milvus' "$T/out"

request() { # NAME SUBJECT [EXTENSION]: the file's last section is v3_req
	{
		cat openssl.cnf
		echo "${3:-}"
	} >"$1.cnf"
	openssl genrsa -out "$1.key" 2048 2>/dev/null
	openssl req -new -nodes -key "$1.key" -out "$1.csr" -subj "$2" -config "$1.cnf" \
		-extensions v3_req
}

verify() {
	openssl verify -x509_strict -purpose "$1" -verify_hostname localhost -CAfile root.pem "$2"
}

for name in server client; do
	request $name "/C=CN/O=milvus/OU=milvus/CN=localhost"
	"$KEYHOLD" cert sign $name.csr --ca milvus --profile milvus --out $name.pem >/dev/null
done
verify sslserver server.pem
verify sslclient client.pem
openssl x509 -in server.pem -noout -subject -ext keyUsage,subjectAltName >text
expect_text 'subject=C = CN, ST = Shanghai, O = milvus, OU = milvus, CN = localhost' text
expect_text 'Digital Signature, Key Encipherment' text
expect_text 'DNS:localhost' text

# copy_extensions would have copied this, and the policy would have let it pass.
request thief "/C=CN/O=milvus/CN=bank.example" "subjectAltName = DNS:bank.example"
expect_status 1 "$KEYHOLD" cert sign thief.csr --ca milvus --profile milvus
expect_text 'san-dns-pattern' "$T/out"
request odd "/C=CN/O=milvus/CN=localhost" "nameConstraints = permitted;DNS:example"
"$KEYHOLD" cert sign odd.csr --ca milvus --profile milvus --out odd.pem >/dev/null 2>said
expect_text 'extension nameConstraints was not copied' said

# commonName = supplied
request nameless "/C=CN/O=milvus/OU=milvus" "subjectAltName = DNS:localhost"
expect_status 1 "$KEYHOLD" cert sign nameless.csr --ca milvus --profile milvus
expect_text 'subject-required' "$T/out"

# A wrong file is refused with its line, and changes nothing.
sed -i 's/"localhost"/"local*"/' again.yaml
expect_status 1 "$KEYHOLD" profile set milvus again.yaml
expect_text "again.yaml:$(grep -n 'local\*' again.yaml | cut -d: -f1): dns_names[0]" "$T/out"
"$KEYHOLD" cert sign server.csr --ca milvus --profile milvus >/dev/null 2>&1

say "the manual's example, and its table of members"
manual=$HERE/../../docs/profiles.md
awk '/^[`][`][`]/ { inside = /yaml/; next } inside' "$manual" >manual.yaml
"$KEYHOLD" profile set manual manual.yaml >/dev/null
for member in $("$KEYHOLD" profile show manual | sed -n 's/^\([a-z_]*\):.*/\1/p'); do
	[ "$member" = version ] || expect_text "| \`$member\` |" "$manual"
done

say "policies, must-staple and URLs of a profile's own, as OpenSSL prints them"
cat >full.yaml <<'EOF'
subject: "/O=milvus"
dns_names: ["*.svc.example"]
uris: ["spiffe://prod.example/ns/*/sa/*"]
email_addresses: ["*@example.com"]
ip_addresses: [10.0.0.0/8, "fd00::/8"]
wildcards: true
ext_key_usage: [serverAuth, 1.3.6.1.4.1.99999.7]
policies: [1.3.6.1.4.1.99999.1]
must_staple: true
ocsp_url: http://ocsp.example/
ca_issuers_url: http://ca.example/milvus.cer
key_types: [rsa-2048]
EOF
"$KEYHOLD" profile set full full.yaml >/dev/null
names="DNS:*.svc.example,IP:10.1.2.3,IP:fd00::1,email:ca@example.com,URI:spiffe://prod.example/ns/a/sa/b"
request full /O=other "subjectAltName = $names"
"$KEYHOLD" cert sign full.csr --ca milvus --profile full --out full.pem >/dev/null 2>&1
openssl verify -x509_strict -CAfile root.pem full.pem
openssl x509 -in full.pem -noout -text >text
for part in 'Subject: O = milvus' 'Policy: 1.3.6.1.4.1.99999.1' 'status_request' \
	'OCSP - URI:http://ocsp.example/' 'CA Issuers - URI:http://ca.example/milvus.cer' \
	'TLS Web Server Authentication, 1.3.6.1.4.1.99999.7' 'DNS:*.svc.example' \
	'URI:spiffe://prod.example/ns/a/sa/b' 'email:ca@example.com' 'IP Address:10.1.2.3'; do
	expect_text "$part" text
done
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.key
openssl req -new -key ec.key -subj / -addext subjectAltName=DNS:a.svc.example -out ec.csr
expect_status 1 "$KEYHOLD" cert sign ec.csr --ca milvus --profile full
expect_text 'csr-key-type' "$T/out"
"$KEYHOLD" profile delete full >/dev/null
expect_status 1 "$KEYHOLD" cert sign full.csr --ca milvus --profile full
expect_text 'keyhold profile list' "$T/out"
