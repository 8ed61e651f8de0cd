#!/usr/bin/env bash
# With --config, the rules say who may do what, whoever else can connect.
. "$(dirname "$0")/lib.sh"

[ "$(id -u)" -eq 0 ] || skip "not root: another user cannot be played"

# Arrays and not functions, so that in the background $! is the program itself. Ids of
# nobody's, small enough for a container.
AS_WORKER=(setpriv --reuid "$WORKER_USER" --regid "$WORKER_GROUP" --clear-groups)
AS_READER=(setpriv --reuid 60044 --regid 60044 --groups "60001,60200")
AS_OWN=(setpriv --reuid 60055 --regid 60055 --clear-groups)

start_daemon # for its token, its keys, PIN and configuration
need_provider
make_ca
"$KEYHOLD" cert issue web --ca internal --san localhost --out "$T/tls" >/dev/null
"$KEYHOLD" cert issue other --ca internal --san localhost --out "$T/tls" >/dev/null
hash_of() {
	"$KEYHOLD" --json key show "$1" | grep -oE '[0-9a-f]{64}' | head -n 1
}
WEB=spki:$(hash_of web)
OTHER=spki:$(hash_of other)
ABSENT=spki:$(printf '0%.0s' {1..64})
stop_daemon

if "${AS_OWN[@]}" test -x "$KEYHOLDD" -a -r "$HERE/../support/lsan.supp"; then
	chown -R 60055:60055 "$T/dev"
else
	say "other users cannot reach the build: keyholdd runs as root"
	AS_OWN=(env)
fi
chmod 755 "$T/dev"
export SOFTHSM2_CONF=$T/dev/token/softhsm2.conf

# start_with RULES: keyholdd --config, and a socket for everybody.
start_with() {
	sed "s|^    mode:.*|    mode: \"0666\"|; /^    group:/d" "$T/dev/keyhold.yaml" >"$T/own.yaml"
	printf '%s\n' "$1" >>"$T/own.yaml"
	"${AS_OWN[@]}" "$KEYHOLDD" --config "$T/own.yaml" >>"$T/keyholdd.log" 2>&1 &
	DAEMON_PID=$!
	PIDS+=("$DAEMON_PID")
	wait_for "keyholdd's answer" "$KEYHOLD" status
}

# ask STATUS METHOD PATH [CURL-ARGUMENT...]: as the user of the array AS.
ask() {
	local want=$1 method=$2 path=$3 got
	shift 3
	"${AS[@]}" curl -sS --max-time 10 --unix-socket "$KEYHOLD_SOCKET" -w '\n%{http_code}' \
		-X "$method" "$@" "http://localhost$path" >"$T/out"
	got=$(tail -n 1 "$T/out")
	[ "$got" = "$want" ] || {
		cat "$T/out" >&2
		fail "$got instead of $want: $method $path"
	}
}

# A TLS 1.3 CertificateVerify: what a key of use tls signs.
MESSAGE="$(printf '%64s' '')TLS 1.3, server CertificateVerify"
{ printf '%s\0' "$MESSAGE" && head -c 32 /dev/zero; } >"$T/message"
sign() {
	ask "$1" POST "/v1/keys/$2/sign?scheme=ecdsa_secp256r1_sha256" \
		-H 'Content-Type: application/octet-stream' --data-binary @- <"$T/message"
}

say "without rules: root and the daemon's own user"
start_with ''
expect_status 0 "$KEYHOLD" key list
AS=("${AS_OWN[@]}")
ask 200 GET /v1/keys
AS=("${AS_WORKER[@]}")
ask 403 GET /v1/keys
expect_text "uid:$(id -u "$WORKER_USER") lacks the right read" "$T/out"
ask 403 POST /v1/keys -d '{"name":"a","type":"ec-p256","use":"sign"}'
expect_text "uid:$(id -u "$WORKER_USER") lacks the right admin" "$T/out"
sign 403 web
ask 200 GET /healthz
ask 200 GET /readyz
[ "$(head -n 1 "$T/out")" = '{"status":"ready"}' ] || fail "/readyz tells more: $(cat "$T/out")"
# The body is never sent: the answer is there before it, and the connection ends.
cat >"$T/headers.pl" <<'PERL'
use IO::Socket::UNIX;
alarm 10;
my $s = IO::Socket::UNIX->new($ARGV[0]) or die "connect: $!";
syswrite $s, "POST /v1/keys/web/sign?scheme=ed25519 HTTP/1.1\r\nHost: localhost\r\n"
    . "Content-Type: application/octet-stream\r\nContent-Length: 200000\r\n\r\n";
print while <$s>;
PERL
"${AS_WORKER[@]}" perl "$T/headers.pl" "$KEYHOLD_SOCKET" >"$T/out"
expect_text 'HTTP/1.1 403' "$T/out"
stop_daemon

start_with "access:
  - { who: \"unix:$WORKER_USER\", may: [use], keys: [web] }
  - { who: \"unix:group:60200\", may: [read] }"

say "$WORKER_USER may use web and nothing else"
sign 200 web
sign 200 "$WEB"
ask 200 GET "/v1/keys/web/public"
expect_status 0 "${AS_WORKER[@]}" curl -sS --unix-socket "$KEYHOLD_SOCKET" \
	http://localhost/v1/keys/web/reference
expect_text "$(sed -n 2p "$T/tls/web.key")" "$T/out"
for key in other "$OTHER" "$ABSENT" absent internal; do
	sign 403 "$key"
	expect_text "unix:$WORKER_USER may not use key $key" "$T/out"
	ask 403 GET "/v1/keys/$key/reference"
	ask 403 GET "/v1/keys/$key/public"
done
[ "$(grep -c "request.refused actor=uid:$(id -u "$WORKER_USER").*/v1/keys/$OTHER/sign.*may not use key" "$T/keyholdd.log")" -eq 1 ] ||
	fail "the refusal is not in the log once"
ask 403 GET /v1/keys
ask 403 GET /v1/keys/web
ask 403 GET /v1/issuers
ask 403 POST /v1/keys -d '{"name":"a","type":"ec-p256","use":"sign"}'
ask 403 POST /v1/keys/web/csr -d '{"sans":["localhost"]}'
ask 403 DELETE /v1/keys/web -d "{\"spki_sha256\":\"${WEB#spki:}\"}"

say "a member of a group may read and use nothing"
AS=("${AS_READER[@]}")
ask 200 GET /v1/keys
ask 200 GET /v1/certificates
ask 200 GET /readyz
expect_text '"token":"keyhold-dev"' "$T/out"
ask 200 GET /v1/keys/other/reference
sign 403 web
ask 403 POST /v1/keys -d '{"name":"a","type":"ec-p256","use":"sign"}'
AS=(setpriv --reuid 60044 --regid 60044 --clear-groups)
ask 403 GET /v1/keys

if [ "$SANITIZER" = thread ]; then
	say "nginx cannot load a provider built for ThreadSanitizer: its handshakes were not tried"
	exit 0
fi
say "nginx, whose workers are $WORKER_USER, serves with web and not with other"
port=$(free_port)
start_nginx "$port" "$T/tls/web.crt" "$T/tls/web.key"
for version in 1.2 1.3; do
	[ "$(handshake "$port" "$version")" = served ] || fail "no handshake over TLS $version"
done
stop_nginx
start_nginx "$port" "$T/tls/other.crt" "$T/tls/other.key"
! handshake "$port" 1.3 2>/dev/null || fail "a handshake with a key of no rule"
wait_for_text 'keyholdd answered 403' "$T/nginx.log"
wait_for_text "unix:$WORKER_USER may not use key $OTHER" "$T/nginx.log"
