#!/usr/bin/env bash
# With --config, the rules say who may do what, whoever else can connect.
. "$(dirname "$0")/lib.sh"
. "$HERE/rules.sh"

start_daemon # for its token, its keys, PIN and configuration
make_ca
"$KEYHOLD" access list >"$T/out"
expect_text "whoever can open the socket may do everything" "$T/out"
"$KEYHOLD" cert issue web --ca internal --san localhost --out "$T/tls" >/dev/null
"$KEYHOLD" cert issue other --ca internal --san localhost --out "$T/tls" >/dev/null
WEB=spki:$(hash_of web)
OTHER=spki:$(hash_of other)
ABSENT=spki:$(printf '0%.0s' {1..64})
stop_daemon

give_away

say "without rules: root and the daemon's own user"
start_with ''
expect_status 0 "$KEYHOLD" key list
AS=("${AS_OWN[@]}")
ask 200 GET /v1/keys
AS=("${AS_WORKER[@]}")
ask 403 GET /v1/keys
expect_text "uid:$(id -u "$WORKER_USER") lacks the right read" "$T/out"
ask 403 POST /v1/keys -d '{"name":"a","type":"ec-p256","use":"sign"}'
expect_text "uid:$(id -u "$WORKER_USER") lacks the right manage" "$T/out"
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
[ "$(grep -c "request.refused .*actor=uid:$(id -u "$WORKER_USER").*/v1/keys/$OTHER/sign.*may not use key" "$T/keyholdd.log")" -eq 1 ] ||
	fail "the refusal is not in the log once"
ask 403 GET /v1/keys
ask 403 GET /v1/keys/web
ask 403 GET /v1/issuers
ask 403 POST /v1/keys -d '{"name":"a","type":"ec-p256","use":"sign"}'
ask 403 POST /v1/keys/web/csr -d '{"sans":["localhost"]}'
ask 403 DELETE /v1/keys/web -d "{\"spki_sha256\":\"${WEB#spki:}\"}"

say "keyholdd says who may do what, and by which rule"
expect_status 0 "$KEYHOLD" access check --who "unix:$WORKER_USER" --may use --key web
expect_text "yes: rule 1 (line $(grep -n 'may: \[use\]' "$T/own.yaml" | cut -d : -f 1)): { who: \"unix:$WORKER_USER\", may: [use], keys: [web] }" "$T/out"
expect_text "unix:$WORKER_USER is in: $WORKER_GROUP" "$T/out"
expect_status 1 "$KEYHOLD" access check --who "unix:$WORKER_USER" --may use --key "$OTHER"
expect_text "no: unix:$WORKER_USER may not use key other" "$T/out"
expect_status 0 "$KEYHOLD" access check --who unix:root --may admin
expect_status 0 "$KEYHOLD" access check --who unix:group:60200 --may read
expect_status 0 "$KEYHOLD" access list
expect_text 'rule 2 ' "$T/out"
expect_text "$(sha256sum "$T/own.yaml" | cut -d ' ' -f 1)" "$T/out"
ask 403 GET /v1/access
ask 403 GET "/v1/access/decision?who=unix:root&may=admin"

say "a member of a group may read and use nothing"
AS=("${AS_READER[@]}")
ask 200 GET /v1/keys
ask 200 GET /v1/certificates
ask 200 GET /readyz
expect_text '"name":"default","label":"keyhold-dev"' "$T/out"
ask 200 GET /v1/keys/other/reference
ask 200 GET "/v1/access/decision?who=unix:root&may=admin"
ask 403 GET /v1/access
sign 403 web
ask 403 POST /v1/keys -d '{"name":"a","type":"ec-p256","use":"sign"}'
AS=(setpriv --reuid 60044 --regid 60044 --clear-groups)
ask 403 GET /v1/keys

if [ "$SANITIZER" = thread ]; then
	say "nginx cannot load a provider built for ThreadSanitizer: its handshakes were not tried"
	exit 0
fi
need_provider
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
