#!/usr/bin/env bash
# openssl(1) does with a key of keyhold's what it does with a key file, or says why not.
. "$(dirname "$0")/lib.sh"

# For SoftHSM's leak in tests/support/lsan.supp, which is one for each Ed25519 key.
export ASAN_OPTIONS=fast_unwind_on_malloc=0
start_daemon
need_provider
make_ca
cd "$T"
printf 'a message\n' >message
openssl dgst -sha256 -binary -out digest message

with_keyhold() {
	"${WITH_PROVIDER[@]}" openssl "$@"
}

# refused TEXT ARGUMENT...: openssl fails, and TEXT is among what it prints.
refused() {
	local text=$1
	shift
	! with_keyhold "$@" >refusal 2>&1 || fail "not refused: openssl $*"
	expect_text "$text" refusal
}

make_keys() { # make_keys TYPE: a tls key and a sign key, their references and public keys
	local use
	for use in tls sign; do
		"$KEYHOLD" key create "$use-$1" --type "$1" --use "$use" >/dev/null
		"$KEYHOLD" key reference "$use-$1" --out "$use.key" --force
		"$KEYHOLD" key public "$use-$1" >"$use.pub"
	done
}

requests() {
	local hash uri
	hash=$("$KEYHOLD" --json key show "tls-$1" | sed -n 's/.*"spki_sha256": "\([0-9a-f]*\)".*/\1/p')
	for uri in tls.key "keyhold:tls-$1" "keyhold:tls-$1?spki=$hash"; do
		with_keyhold req -new -key "$uri" -subj /CN=web.example \
			-addext subjectAltName=DNS:web.example -out request
		openssl req -in request -noout -verify 2>/dev/null || fail "$1: request by $uri"
		"$KEYHOLD" cert sign request --ca internal >/dev/null || fail "$1: request by $uri is refused"
	done
	refused "is not the one that spki= in the URI names" \
		req -new -key "keyhold:tls-$1?spki=$(printf '%064d' 0)" -subj /CN=web.example
	refused "no key named nobody" req -new -key keyhold:nobody -subj /CN=web.example
	refused "has use tls: it signs TLS handshakes and its own CSR" \
		req -x509 -key tls.key -subj /CN=web.example
	refused "has use tls: it signs TLS handshakes and its own CSR" \
		x509 -req -in request -signkey tls.key
	refused "has use tls: it signs TLS handshakes and its own CSR" \
		x509 -req -in request -key tls.key
}

formats() {
	local uri
	with_keyhold pkey -in tls.key -out copy.key
	cmp -s tls.key copy.key || fail "$1: pkey copies something else than the reference"
	for uri in tls.key "keyhold:tls-$1"; do
		with_keyhold pkey -in "$uri" -pubout | cmp -s - tls.pub || fail "$1: pkey -pubout of $uri"
		with_keyhold pkey -in "$uri" -noout -text >text
		expect_text "held by keyhold" text
		expect_text "Name: tls-$1" text
		expect_text "Type: $1" text
	done
	[ "$(with_keyhold storeutl -noout "keyhold:tls-$1" | head -n 1)" = "0: Pkey" ] || fail "$1: storeutl"
	refused "the private key is in the token" pkey -in tls.key -outform DER
	refused "the private key is in the token" pkey -in tls.key -aes256 -passout pass:secret
	refused "the private key is in the token" pkcs8 -topk8 -nocrypt -in tls.key
	refused "the private key is in the token" pkcs8 -topk8 -in tls.key -passout pass:secret
}

# With the digest that keyhold's keys have by default: OpenSSL's own is SHA-256 for any curve.
signatures() {
	local digest=()
	[ "$1" != ec-p384 ] || digest=(-digest sha384)
	with_keyhold pkeyutl -sign -rawin -in message -inkey sign.key -out signature
	openssl pkeyutl -verify -rawin "${digest[@]}" -in message -pubin -inkey sign.pub \
		-sigfile signature >/dev/null || fail "$1: the signature does not verify"
	with_keyhold pkeyutl -verify -rawin -in message -inkey sign.key -sigfile signature >/dev/null ||
		fail "$1: the signature does not verify with the reference"
	! with_keyhold pkeyutl -verify -rawin -in digest -inkey sign.key -sigfile signature >/dev/null 2>&1 ||
		fail "$1: the signature verifies something else"
	refused "never a bare digest (pkeyutl: use -rawin)" pkeyutl -sign -in digest -inkey sign.key
	refused "has use tls" pkeyutl -sign -rawin -in message -inkey tls.key
}

# OpenSSL 3.0 has no CMS with Ed25519; PSS has to be asked for, of any key.
mail() {
	local options=()
	[ "$1" != ed25519 ] || return 0
	[ "$1" != rsa-pss-2048 ] || options=(-keyopt rsa_padding_mode:pss)
	with_keyhold req -x509 -key sign.key -subj "/CN=$1" -addext keyUsage=digitalSignature -out signer.crt
	with_keyhold cms -sign -in message -signer signer.crt -inkey sign.key "${options[@]}" -out mail
	openssl cms -verify -in mail -CAfile signer.crt -out verified 2>/dev/null ||
		fail "$1: cms -verify"
	grep -q '^a message' verified || fail "$1: cms -verify gives another message"
	refused "never a bare digest" cms -sign -noattr -in message -signer signer.crt \
		-inkey sign.key "${options[@]}"
}

# serve OPTION...: s_server on $port, until it is killed.
serve() {
	port=$(free_port)
	"${WITH_PROVIDER[@]}" openssl s_server -accept "127.0.0.1:$port" -www "$@" >server.log 2>&1 &
	server=$!
	PIDS+=("$server")
	wait_for "s_server listening" listens "$port"
}

stop_serving() {
	end_with TERM "$server"
}

handshakes() {
	local version
	"$KEYHOLD" cert issue "peer-$1" --type "$1" --ca internal --profile peer --san localhost \
		--out "$T/peer" >/dev/null
	with_keyhold verify -CAfile root.pem -untrusted "peer/peer-$1.crt" "peer/peer-$1.crt" >/dev/null ||
		fail "$1: openssl verify"
	cat "peer/peer-$1.crt" "peer/peer-$1.key" >both.pem
	cat "peer/peer-$1.key" "peer/peer-$1.crt" >htob.pem
	for pair in "peer/peer-$1.crt peer/peer-$1.key" "both.pem both.pem" "htob.pem htob.pem"; do
		# The client's certificate is such a key's as well.
		serve -cert "${pair% *}" -cert_chain "peer/peer-$1.crt" -key "${pair#* }" \
			-Verify 2 -verify_return_error -CAfile root.pem
		for version in 1_2 1_3; do
			with_keyhold s_client -connect "127.0.0.1:$port" "-tls$version" -CAfile root.pem \
				-verify_return_error -cert "${pair% *}" -cert_chain "peer/peer-$1.crt" \
				-key "${pair#* }" </dev/null >client.log 2>&1 ||
				fail "$1: s_client over TLS $version with $pair: $(cat client.log server.log)"
			expect_text "Verification: OK" client.log
		done
		stop_serving
	done
	say "$1 over TLS: $(grep '^Peer signature type' client.log)"
}

for type in ec-p256 ec-p384 rsa-2048 rsa-pss-2048 ed25519; do
	make_keys "$type"
	requests "$type"
	formats "$type"
	signatures "$type"
	mail "$type"
	handshakes "$type"
	say "$type: requests, formats, signatures, mail and handshakes"
done

# A token has RSA keys only: which of them are RSA-PSS keys is in the record.
stop_daemon
start_daemon
with_keyhold pkeyutl -sign -rawin -in message -inkey keyhold:sign-rsa-pss-2048 -out signature
"$KEYHOLD" key public sign-rsa-pss-2048 >sign.pub
openssl pkey -pubin -in sign.pub -noout -text >text
expect_text "No PSS parameter restrictions" text
openssl pkeyutl -verify -rawin -in message -pubin -inkey sign.pub -sigfile signature >/dev/null ||
	fail "an RSA-PSS key after a restart"

"$KEYHOLD" ca create pss --issuer root --type rsa-pss-2048 >/dev/null
"$KEYHOLD" cert issue under-pss --ca pss --san localhost --out "$T/peer" >/dev/null
openssl verify -x509_strict -CAfile root.pem -untrusted peer/under-pss.crt peer/under-pss.crt >/dev/null ||
	fail "a certificate by an RSA-PSS authority"
openssl x509 -in peer/under-pss.crt -noout -text >text
expect_text "Signature Algorithm: rsassaPss" text
say "rsa-pss: after a restart, and as an authority"
