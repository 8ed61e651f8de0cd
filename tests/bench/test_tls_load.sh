#!/usr/bin/env bash
# test_tls_load.sh DIRECTORY - tls_load counts handshakes with the server that it was told of,
# and says why there are none; evp_load signs with the key of a file.
set -euo pipefail

bench=$1
T=$(mktemp -d "${TMPDIR:-/tmp}/keyhold-bench.XXXXXX")
server=
trap 'stop_server; rm -rf "$T"' EXIT

fail() {
	echo "FAILED: $*" >&2
	exit 1
}

stop_server() {
	[ -z "$server" ] || kill "$server"
	server=
}

make_certificate() {
	openssl req -x509 -newkey "$2" -pkeyopt "$3" -nodes -subj /CN=localhost -addext subjectAltName=DNS:localhost \
		-keyout "$T/$1.key" -out "$T/$1.crt" 2>/dev/null
}

# serve NAME: its port in PORT.
serve() {
	: >"$T/server" # before anybody looks into it
	openssl s_server -accept 127.0.0.1:0 -www -cert "$T/$1.crt" -key "$T/$1.key" >>"$T/server" 2>&1 &
	server=$!
	for _ in $(seq 100); do
		PORT=$(sed -n 's/^ACCEPT .*://p' "$T/server")
		[ -z "$PORT" ] || return 0
		sleep 0.05
	done
	fail "s_server: $(cat "$T/server")"
}

load() {
	"$bench/tls_load" --tcp "127.0.0.1:$PORT" --warmup 0 --seconds 0.3 "$@"
}

expect_operations() {
	[[ $1 =~ ^\{\"operations\":\ [1-9][0-9]*,\ \"failures\":\ 0, ]] || fail "$1"
}

expect_refusal() {
	local why=$1
	shift
	if "$@" >"$T/out" 2>&1; then
		fail "no refusal: $(cat "$T/out")"
	fi
	grep -q "$why" "$T/out" || fail "not \"$why\": $(cat "$T/out")"
}

make_certificate ec EC ec_paramgen_curve:P-256
make_certificate rsa RSA rsa_keygen_bits:2048
for kind in ec rsa; do
	serve $kind
	for version in 1.2 1.3; do
		expect_operations "$(load --ca "$T/$kind.crt" --tls $version --threads 2)"
	done
	expect_operations "$("$bench/evp_load" --key "$T/$kind.key" --warmup 0 --seconds 0.1)"
	[ $kind = rsa ] || stop_server
done
expect_refusal 'certificate verify failed' load --ca "$T/ec.crt"
expect_refusal 'certificate verify failed' load --ca "$T/rsa.crt" --name another.example
expect_refusal 'handshake' load --ca "$T/rsa.crt" --sigalgs ecdsa_secp256r1_sha256
stop_server
wait
expect_refusal 'Connection refused' load --ca "$T/rsa.crt"
