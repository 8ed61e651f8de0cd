#!/usr/bin/env bash
# Plain HTTP is for what everybody may have, on this machine: CRLs, OCSP, certificates.
. "$(dirname "$0")/lib.sh"

start_daemon # for its token, PIN and configuration
make_ca
"$KEYHOLD" cert issue web --ca internal --san localhost --out "$T/tls" >/dev/null
"$KEYHOLD" ca certificate internal >"$T/internal.pem"
wait_for "a CRL" "$KEYHOLD" ca crl internal
stop_daemon
export SOFTHSM2_CONF=$T/dev/token/softhsm2.conf
port=$(free_port)

# start_with LISTENERS...: keyholdd --config with these below listen, after its socket.
start_with() {
	{
		sed '/^listen:/,$d' "$T/dev/keyhold.yaml"
		printf 'listen:\n  - unix: %s/dev/keyhold.sock\n' "$T"
		printf '  - { %s }\n' "$@"
		printf 'state: %s/dev/state\n' "$T"
	} >"$T/own.yaml"
	"$KEYHOLDD" --config "$T/own.yaml" >>"$T/keyholdd.log" 2>&1 &
	DAEMON_PID=$!
	PIDS+=("$DAEMON_PID")
	wait_for "keyholdd's answer" "$KEYHOLD" status
}

# ask STATUS METHOD PATH [CURL-ARGUMENT...]
ask() {
	local want=$1 method=$2 path=$3 got
	shift 3
	got=$(curl -sS --max-time 10 --noproxy '*' -o "$T/body" -w '%{http_code}' -X "$method" "$@" \
		"http://$HOST:$port$path")
	[ "$got" = "$want" ] || {
		cat "$T/body" >&2
		fail "$got instead of $want: $method $path"
	}
}

say "what is not a loopback address is refused, with its line"
for address in 0.0.0.0:80 192.0.2.1:80 '[::]:80' '[2001:db8::1]:80'; do
	sed "s|^listen:|listen:\n  - http: \"$address\"|" "$T/dev/keyhold.yaml" >"$T/bad.yaml"
	line=$(grep -n 'http:' "$T/bad.yaml" | cut -d: -f1)
	expect_status 3 "$KEYHOLDD" --config "$T/bad.yaml" --check
	expect_text "bad.yaml:$line: listen[0].http: is not a loopback address" "$T/out"
done

for listener in "127.0.0.1" "[::1]"; do
	HOST=$listener
	if [ "$HOST" = "[::1]" ] && ! perl -MSocket=:all -e 'socket(my $s, PF_INET6, SOCK_STREAM, 0) or exit 1;
	    exit !bind($s, pack_sockaddr_in6(0, inet_pton(AF_INET6, "::1")))'; then
		say "no IPv6 here: [::1] was not tried"
		continue
	fi
	start_with "http: \"$HOST:$port\""
	say "on $HOST: what is published"
	wait_for "a CRL" "$KEYHOLD" ca crl internal
	ask 200 GET /healthz
	ask 200 HEAD /healthz --head
	ask 200 GET /v1/issuers/internal/crl
	openssl crl -inform DER -in "$T/body" -noout -CAfile "$T/internal.pem" 2>/dev/null || fail "no CRL"
	ask 200 GET /v1/issuers/internal/certificate
	ask 200 GET /v1/issuers/internal/chain
	ask 200 GET /.well-known/est/cacerts
	ask 200 GET /v1/trust/bundle
	ask 404 GET /v1/issuers/absent/crl
	openssl ocsp -issuer "$T/internal.pem" -cert "$T/tls/web.crt" -CAfile "$T/root.pem" \
		-url "http://$HOST:$port/v1/issuers/internal/ocsp" >"$T/out" 2>&1 || fail "$(cat "$T/out")"
	expect_text "web.crt: good" "$T/out"

	say "on $HOST: and nothing else"
	for path in /readyz /metrics /v1/keys /v1/keys/web /v1/keys/web/public /v1/issuers \
		/v1/certificates /v1/profiles /v1/audit /.well-known/est/csrattrs /v1 /; do
		ask 404 GET "$path"
	done
	ask 404 POST /v1/keys -d '{"name":"a","type":"ec-p256","use":"sign"}'
	ask 404 POST '/v1/keys/web/sign?scheme=ecdsa_secp256r1_sha256' --data-binary x
	ask 404 DELETE /v1/issuers/internal/crl
	ask 404 POST /.well-known/est/simpleenroll -d x
	! "$KEYHOLD" key list | grep -q '^a ' || fail "it made a key"
	stop_daemon
	! listens "$port" || fail "somebody listens there after the stop"
done

say "an address that is in use"
start_with "http: \"127.0.0.1:$port\""
sed "s|keyhold.sock|other.sock|; s|^state:.*|state: $T/other|" "$T/own.yaml" >"$T/second.yaml"
expect_status 8 "$KEYHOLDD" --config "$T/second.yaml"
expect_text "address in use: 127.0.0.1:$port" "$T/out"
stop_daemon
