# shellcheck shell=bash
# clients.sh - certificates for TLS clients, by keyhold and by somebody else; sourced after lib.sh.

# certificate_of NAME PROFILE [SECONDS] [HOST]: $T/NAME.crt by "internal" for HOST.example, and its key
# in a file.
certificate_of() {
	[ -e "$T/$1.key" ] || openssl ecparam -name prime256v1 -genkey -noout -out "$T/$1.key"
	openssl req -new -key "$T/$1.key" -subj "/CN=${4:-$1}.example" -addext "subjectAltName=DNS:${4:-$1}.example" \
		-out "$T/$1.csr"
	request_json "$T/$1.csr" "$2" "${3:-86400}" >"$T/$1.json"
	api POST /v1/issuers/internal/certificates -H 'Content-Type: application/json' \
		-H 'Accept: application/pem-certificate-chain' --data-binary "@$T/$1.json"
	[ "$STATUS" = 201 ] || fail "no certificate for $1: $(cat "$T/body")"
	cp "$T/body" "$T/$1.crt"
}

# request_json CSR PROFILE SECONDS
request_json() {
	printf '{"csr":"%s","profile":"%s","validity_seconds":%s}' \
		"$(sed 's/$/\\n/' "$1" | tr -d '\n')" "$2" "$3"
}

serial_of() {
	openssl x509 -in "$1" -noout -serial | cut -d= -f2 | tr 'A-F' 'a-f'
}

# shellcheck disable=SC2034 # the stories use it
as() {
	CLIENT=(--cert "$T/$1.crt" --key "$T/$1.key" --cacert "$T/root.pem")
}

# foreign_certificate_of NAME: the same by another authority, which calls itself root, too.
foreign_certificate_of() {
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$T/other-ca.key" -out "$T/other-ca.crt" \
		-subj "/CN=root" 2>/dev/null
	openssl ecparam -name prime256v1 -genkey -noout -out "$T/$1.key"
	openssl req -new -key "$T/$1.key" -subj "/CN=$1.example" -addext "subjectAltName=DNS:ci.example" -out "$T/$1.csr"
	openssl x509 -req -in "$T/$1.csr" -CA "$T/other-ca.crt" -CAkey "$T/other-ca.key" -copy_extensions copy \
		-out "$T/$1.crt" 2>/dev/null
}
