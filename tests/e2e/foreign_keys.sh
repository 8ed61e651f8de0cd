#!/usr/bin/env bash
# A program that has keyhold.so loaded does with everybody else's keys what it did before.
. "$(dirname "$0")/lib.sh"

start_daemon
need_provider
make_ca
cd "$T"
printf 'a message\n' >message
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.pem 2>/dev/null
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.pem 2>/dev/null
openssl genpkey -algorithm ED25519 -out ed.pem
for kind in ec rsa ed; do
	openssl req -new -x509 -key "$kind.pem" -subj "/CN=localhost" -addext subjectAltName=DNS:localhost \
		-out "$kind.crt"
done
"$KEYHOLD" cert issue web --ca internal --san localhost --out tls >/dev/null

with_keyhold() {
	"${WITH_PROVIDER[@]}" openssl "$@"
}

# configure FIRST SECOND [NAME=VALUE]: the order of activation; a section's name is the order's, too.
configure() {
	cat >"$T/provider.cnf" <<EOF
openssl_conf = openssl_init
[openssl_init]
providers = provider_sect
${3:+alg_section = algorithm_sect}
[algorithm_sect]
${3-}
[provider_sect]
$1 = $1_sect
$2 = $2_sect
[default_sect]
activate = 1
[keyhold_sect]
module = $PROVIDER
socket = $T/dev/keyhold.sock
activate = 1
EOF
}

generation() {
	local algorithm
	for algorithm in "EC -pkeyopt ec_paramgen_curve:P-256" "RSA -pkeyopt rsa_keygen_bits:2048" ED25519 X25519; do
		# shellcheck disable=SC2086 # words
		with_keyhold genpkey -algorithm $algorithm -out made.pem 2>/dev/null || fail "$order: genpkey $algorithm"
		openssl pkey -in made.pem -noout || fail "$order: genpkey $algorithm made no key"
	done
	with_keyhold ecparam -name prime256v1 -genkey -noout -out made.pem || fail "$order: ecparam"
	with_keyhold req -x509 -newkey rsa:2048 -nodes -keyout made.pem -subj /CN=x -out made.crt 2>/dev/null ||
		fail "$order: req -newkey"
}

speed() {
	with_keyhold speed -seconds 1 ecdhp256 ecdhx25519 ecdsap256 rsa2048 >speed.log 2>&1 ||
		fail "$order: openssl speed: $(cat speed.log)"
	! grep -qi 'failure\|:error:' speed.log || fail "$order: openssl speed: $(cat speed.log)"
}

keys() {
	local kind raw
	for kind in ec rsa ed; do
		raw=()
		[ "$kind" != ed ] || raw=(-rawin)
		openssl dgst -sha256 -binary -out digest message
		with_keyhold pkeyutl -sign "${raw[@]}" -in digest -inkey "$kind.pem" -out signature ||
			fail "$order: sign with $kind"
		with_keyhold pkeyutl -verify "${raw[@]}" -in digest -inkey "$kind.pem" -sigfile signature \
			>/dev/null || fail "$order: verify with $kind"
		with_keyhold verify -CAfile "$kind.crt" "$kind.crt" >/dev/null || fail "$order: verify $kind.crt"
		with_keyhold pkey -in "$kind.pem" | cmp -s - "$kind.pem" || fail "$order: pkey $kind.pem"
		with_keyhold pkcs12 -export -in "$kind.crt" -inkey "$kind.pem" -passout pass:x -out "$kind.p12" ||
			fail "$order: pkcs12 -export $kind"
		with_keyhold pkcs12 -in "$kind.p12" -passin pass:x -nocerts -nodes 2>/dev/null |
			openssl pkey | cmp -s - "$kind.pem" || fail "$order: pkcs12 $kind"
	done
	with_keyhold pkeyutl -encrypt -in message -inkey rsa.pem -out secret || fail "$order: encrypt"
	with_keyhold pkeyutl -decrypt -in secret -inkey rsa.pem | cmp -s - message || fail "$order: decrypt"
}

handshakes() { # handshakes GROUP...
	local kind group version port server
	for kind in ec rsa ed; do
		port=$(free_port)
		"${WITH_PROVIDER[@]}" openssl s_server -accept "127.0.0.1:$port" -www -cert "$kind.crt" -key "$kind.pem" \
			>server.log 2>&1 &
		server=$!
		PIDS+=("$server")
		wait_for "s_server listening" listens "$port"
		for group in "$@"; do
			for version in 1_2 1_3; do
				with_keyhold s_client -connect "127.0.0.1:$port" "-tls$version" -groups "$group" \
					-CAfile "$kind.crt" -verify_return_error </dev/null >client.log 2>&1 ||
					fail "$order: $kind, $group, TLS $version: $(cat client.log server.log)"
			done
		done
		end_with TERM "$server"
	done
}

reference() {
	with_keyhold pkey -in tls/web.key -noout -text | grep -q 'held by keyhold' ||
		fail "$order: the reference"
	with_keyhold req -new -key tls/web.key -subj /CN=x -out made.csr || fail "$order: req with the reference"
}

order="keyhold after default"
configure default keyhold
generation
speed
keys
handshakes P-256 X25519:P-256
reference
say "$order: generation, speed, signatures, PKCS#12, encryption, handshakes; the reference goes to keyhold"

order="keyhold before default, with ?provider=default"
configure keyhold default "default_properties = ?provider=default"
generation
keys
handshakes P-256 X25519:P-256
reference
say "$order: the same"

# What docs/openssl.md warns of.
order="keyhold before default"
configure keyhold default
keys
reference
! with_keyhold genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 >/dev/null 2>&1 ||
	fail "$order: EC keys can be generated, so docs/openssl.md is wrong"
say "$order: the same, but for new EC and RSA keys, and so for handshakes by P-256"
