#!/usr/bin/env bash
# A bearer token is who it stands for until it ends, and nobody finds one in what is kept.
. "$(dirname "$0")/lib.sh"

start_daemon

# ask STATUS TOKEN-FILE METHOD PATH [CURL-ARGUMENT...]: the token is in no argument list.
ask() {
	local want=$1 token=$2
	shift 2
	{ printf 'Authorization: Bearer ' && cat "$token"; } >"$T/authorization"
	api "$@" -H "@$T/authorization"
	[ "$STATUS" = "$want" ] || {
		cat "$T/body" >&2
		fail "$STATUS instead of $want: $*"
	}
}

say "a token is shown once, and kept as a hash"
"$KEYHOLD" key create web --use tls >/dev/null
"$KEYHOLD" token create deploy --out "$T/deploy.token" >"$T/out"
[ "$(stat -c %a "$T/deploy.token")" = 600 ] || fail "others can read the token"
grep -qE '^kh1\.deploy\.[A-Za-z0-9_-]{43}$' "$T/deploy.token" || fail "a token of another form"
! grep -q 'kh1\.' "$T/out" || fail "the token is in two places"
"$KEYHOLD" token list >"$T/out"
expect_text 'deploy  valid' "$T/out"

say "it takes the place of who presents it, over the same connection too"
ask 200 "$T/deploy.token" GET /healthz
ask 403 "$T/deploy.token" GET /v1/keys
expect_text 'token:deploy lacks the right read' "$T/body"
api GET /v1/keys
[ "$STATUS" = 200 ] || fail "$STATUS without the token"
expect_status 1 "$KEYHOLD" --token-file "$T/deploy.token" key list
expect_text 'token:deploy lacks the right read' "$T/out"
KEYHOLD_TOKEN_FILE=$T/deploy.token expect_status 1 "$KEYHOLD" key list
chmod 644 "$T/deploy.token"
expect_status 4 "$KEYHOLD" --token-file "$T/deploy.token" key list
chmod 600 "$T/deploy.token"
# The body of who may not is not read, and of who may is.
head -c 200000 /dev/zero >"$T/large"
ask 403 "$T/deploy.token" POST '/v1/keys/web/sign?scheme=ed25519' --data-binary "@$T/large" \
	-H 'Content-Type: application/octet-stream'

say "what is wrong, expired or revoked is 401"
tr 'a-zA-Z' 'b-zaB-ZA' <"$T/deploy.token" | sed 's/^[^.]*\.[^.]*\./kh1.deploy./' >"$T/wrong.token"
ask 401 "$T/wrong.token" GET /healthz
expect_problem 401
expect_text 'urn:keyhold:error:invalid-token' "$T/body"
grep -qi '^www-authenticate: Bearer realm="keyhold", error="invalid_token"' "$T/head" ||
	fail "no challenge"
api POST /v1/tokens -d '{"name":"short","expires_in_seconds":5}'
[ "$STATUS" = 201 ] || fail "$STATUS for a token"
grep -qi '^cache-control: no-store' "$T/head" || fail "a cache may keep the token"
grep -oE 'kh1\.short\.[A-Za-z0-9_-]{43}' "$T/body" >"$T/short.token"
ask 200 "$T/short.token" GET /healthz
sleep 5
ask 401 "$T/short.token" GET /healthz
expect_text 'token short expired at' "$T/body"
"$KEYHOLD" token revoke deploy >/dev/null
ask 401 "$T/deploy.token" GET /healthz
expect_text 'token deploy was revoked at' "$T/body"
"$KEYHOLD" token create deploy --out "$T/deploy.token" >/dev/null
ask 200 "$T/deploy.token" GET /healthz

say "a token that is revoked ends on a connection that is open"
cat >"$T/twice.pl" <<'PERL'
use IO::Socket::UNIX;
alarm 20;
my ($socket, $token, $path) = @ARGV;
my $s = IO::Socket::UNIX->new($socket) or die "connect: $!";
open my $file, '<', $token or die "$token: $!";
chomp(my $bearer = <$file>);
for my $step (1, 2) {
	syswrite $s, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer $bearer\r\n\r\n";
	my $head = '';
	$head .= <$s> until $head =~ /\r\n\r\n/;
	my ($length) = $head =~ /^Content-Length: (\d+)/mi;
	read $s, my $body, $length;
	print $head =~ /^HTTP\/1\.1 (\d+)/, "\n";
	last if $step == 2;
	open my $said, '>', $path or die "$path: $!";
	close $said;
	select undef, undef, undef, 0.05 while -e $path;
}
PERL
perl "$T/twice.pl" "$KEYHOLD_SOCKET" "$T/deploy.token" "$T/said" >"$T/twice" &
PIDS+=($!)
TWICE=$!
wait_for "the first answer" test -e "$T/said"
"$KEYHOLD" token revoke deploy >/dev/null
rm "$T/said"
wait "$TWICE"
[ "$(tr '\n' ' ' <"$T/twice")" = "200 401 " ] || fail "not 200, then 401: $(cat "$T/twice")"

say "after ten bad ones a peer waits; another does not"
"$KEYHOLD" token create deploy --out "$T/deploy.token" >/dev/null
# It forgets those from above.
stop_daemon
start_daemon
STATUS=401
{ printf 'Authorization: Bearer ' && cat "$T/wrong.token"; } >"$T/bad"
for ((i = 0; i < 20 && STATUS == 401; i++)); do
	api GET /healthz -H "@$T/bad"
done
[ "$i" = 11 ] || fail "it was stopped at the bad token $i"
expect_problem 429
expect_text 'urn:keyhold:error:too-many-failures' "$T/body"
grep -qiE '^retry-after: [1-9]' "$T/head" || fail "no Retry-After"
ask 429 "$T/deploy.token" GET /healthz
api GET /healthz
[ "$STATUS" = 200 ] || fail "$STATUS without a token"
[ "$(grep -c 'authentication.stopped' "$T/keyholdd.log")" -eq 1 ] || fail "not said once in the log"
if [ "$(id -u)" -eq 0 ]; then
	{ printf 'Authorization: Bearer ' && cat "$T/deploy.token"; } >"$T/other"
	chown "$WORKER_USER" "$T/other"
	[ "$(setpriv --reuid "$WORKER_USER" --regid "$WORKER_GROUP" --clear-groups curl -sS \
		-o /dev/null -w '%{http_code}' --unix-socket "$KEYHOLD_SOCKET" -H "@$T/other" \
		http://localhost/healthz)" = 200 ] || fail "another user waits, too"
else
	say "not root: another user cannot be played"
fi

say "no secret is in the database, the log or the record"
stop_daemon
for file in deploy short wrong; do
	secret=$(sed 's/.*\.//' "$T/$file.token")
	[ ${#secret} -eq 43 ] || fail "no secret in $file.token"
	! grep -rqF -- "$secret" "$T/dev" "$T/keyholdd.log" || fail "the secret of $file was kept"
done
! grep -rqE 'kh1\.[a-z]+\.' "$T/dev" "$T/keyholdd.log" || fail "a token was kept"
start_daemon
"$KEYHOLD" token list >"$T/out"
expect_text 'deploy  valid' "$T/out"
