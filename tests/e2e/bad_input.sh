#!/usr/bin/env bash
# Whatever is malformed gets an answer that names what and where; the daemon goes on.
. "$(dirname "$0")/lib.sh"

start_daemon
make_ca
"$KEYHOLD" key create web --use tls >/dev/null
head -c 300000 /dev/zero >"$T/large"
json=(-H 'Content-Type: application/json')

# bad STATUS TEXT METHOD PATH [CURL-ARGUMENT...]
bad() {
	local status=$1 text=$2
	shift 2
	# Nobody reads a body that is refused by its head.
	api "$@" --expect100-timeout 20
	expect_problem "$status"
	expect_text "$text" "$T/body"
}

bad 404 'no resource at /nowhere' GET /nowhere
bad 405 'GET, POST' DELETE /v1/keys
bad 404 'no resource at /v1/nothing' POST /v1/nothing "${json[@]}" -d '{}'
bad 404 'no resource at /v1/nothing' POST /v1/nothing "${json[@]}" -H 'Transfer-Encoding: chunked' -d '{}'
bad 404 'no resource at /v1/nothing' DELETE /v1/nothing "${json[@]}" --data-binary "@$KEYHOLDD"
bad 405 'this resource takes GET' PUT /v1/profiles "${json[@]}" -d '{}'
bad 405 'this resource takes GET' PUT /v1/profiles "${json[@]}" --data-binary "@$KEYHOLDD"
bad 400 'no parameter \"colour\"' POST '/v1/keys?colour=red' "${json[@]}" --data-binary "@$KEYHOLDD"
bad 400 'not a key name' GET /v1/keys/UPPER
bad 404 'no key named nobody' GET /v1/keys/nobody
bad 400 'spki: takes 64 hex digits' GET /v1/keys/spki:12
bad 400 '%zz is not an escape' GET /v1/keys/%zz
bad 400 'a NUL' GET /v1/keys/a%00b
bad 400 'longer than' GET "/v1/keys/$(printf 'a%.0s' {1..300})"
bad 400 'no parameter \"colour\"' GET '/v1/keys?colour=red'
bad 400 'line 1 column' POST /v1/keys "${json[@]}" -d '{"name":'
bad 400 'no member \"colour\"' POST /v1/keys "${json[@]}" -d '{"name":"a","type":"ec-p256","use":"tls","colour":"red"}'
bad 400 'is missing' POST /v1/keys "${json[@]}" -d '{"name":"a"}'
bad 400 'is not a string' POST /v1/keys "${json[@]}" -d '{"name":7,"type":"ec-p256","use":"tls"}'
bad 400 'not a key type' POST /v1/keys "${json[@]}" -d '{"name":"a","type":"dsa-1024","use":"tls"}'
bad 400 'is not a use' POST /v1/keys "${json[@]}" -d '{"name":"a","type":"ec-p256","use":"all"}'
bad 400 'is not a name' POST /v1/keys "${json[@]}" -d '{"name":"../a","type":"ec-p256","use":"tls"}'
bad 409 'there is a key named web' POST /v1/keys "${json[@]}" -d '{"name":"web","type":"ec-p256","use":"tls"}'
bad 413 'larger than' POST /v1/keys "${json[@]}" --data-binary "@$KEYHOLDD"
bad 413 'larger than' POST /v1/keys "${json[@]}" -H 'Transfer-Encoding: chunked' --data-binary "@$T/large"
bad 415 'is not a signature scheme' POST '/v1/keys/web/sign?scheme=md5' -H 'Content-Type: application/octet-stream' -d x
bad 415 'is not for a key of type' POST '/v1/keys/web/sign?scheme=ed25519' -H 'Content-Type: application/octet-stream' -d x
bad 400 'scheme is missing' POST /v1/keys/web/sign -H 'Content-Type: application/octet-stream' -d x
bad 415 'send the message as' POST '/v1/keys/web/sign?scheme=ed25519' -H 'Content-Type: text/plain' -d x
bad 400 'not base64' POST '/v1/keys/web/sign?scheme=ecdsa_secp256r1_sha256' "${json[@]}" -d '{"message":"!"}'
csr=(-H 'Content-Type: application/pkcs10')
bad 400 'name a profile' POST /v1/issuers/internal/certificates "${csr[@]}" -d x
bad 404 'profile' POST '/v1/issuers/internal/certificates?profile=nobody' "${csr[@]}" -d x
bad 404 'issuer' POST '/v1/issuers/nobody/certificates?profile=server' "${csr[@]}" -d x
bad 400 'CSR' POST '/v1/issuers/internal/certificates?profile=server' "${csr[@]}" -d 'not a CSR'
openssl req -new -newkey rsa:1024 -nodes -keyout "$T/weak.key" -subj /CN=bad_name.example -out "$T/weak.csr" 2>/dev/null
bad 422 '"violations":[{"rule"' POST '/v1/issuers/internal/certificates?profile=server' "${csr[@]}" --data-binary "@$T/weak.csr"
expect_text csr-rsa-size "$T/body"
[ "$(grep -o '"rule"' "$T/body" | wc -l)" -ge 2 ] || fail "not every broken rule is named: $(cat "$T/body")"

say "a chunked body without end is cut off"
perl -MIO::Socket::UNIX -e '$SIG{PIPE} = "IGNORE"; alarm 20;
    my $s = IO::Socket::UNIX->new($ARGV[0]) or die;
    syswrite $s, "POST /v1/keys HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
    my $chunk = "1000\r\n" . "x" x 4096 . "\r\n";
    for (1 .. 10000) { syswrite $s, $chunk or exit 0 }
    exit 1' "$KEYHOLD_SOCKET" || fail "it was read on and on"

say "a body that is not read is not taken for a request"
perl -MIO::Socket::UNIX -e '$SIG{PIPE} = "IGNORE"; alarm 20;
    for my $method (qw(GET POST PUT DELETE)) {
	my $s = IO::Socket::UNIX->new($ARGV[0]) or die;
	my $body = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
	syswrite $s, "$method /v1/nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
	    . length($body) . "\r\n\r\n$body";
	shutdown $s, 1;
	my $all = "";
	1 while sysread $s, $all, 4096, length $all;
	my $n = () = $all =~ m{^HTTP/1.1 }mg;
	print "$method: $n answers\n$all\n";
	exit 1 if $n != 1 || $all !~ m{^HTTP/1.1 404 };
    }' "$KEYHOLD_SOCKET" >"$T/out" || fail "$(cat "$T/out")"

say "without a body, being turned away does not end the connection"
perl -MIO::Socket::UNIX -e '$SIG{PIPE} = "IGNORE"; alarm 20;
    my $s = IO::Socket::UNIX->new($ARGV[0]) or die;
    for my $method (qw(GET POST PUT)) {
	syswrite $s, "$method /v1/nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n";
	my $answer = "";
	until ($answer =~ /^\{.*\}$/ms) {
		sysread $s, $answer, 4096, length $answer or die "$method: cut after \"$answer\"\n";
	}
	die $answer if $answer !~ m{^HTTP/1.1 404 };
    }' "$KEYHOLD_SOCKET" 2>"$T/out" || fail "$(cat "$T/out")"

say "bytes that are not HTTP"
for bytes in 'GARBAGE\r\n\r\n' 'GET / HTTP/9.9\r\n\r\n' '\x00\xff\x00\xff' 'POST /v1/keys HTTP/1.1\r\nContent-Length: -5\r\n\r\n'; do
	perl -MIO::Socket::UNIX -e '$SIG{ALRM} = sub { exit }; alarm 3;
	    my $s = IO::Socket::UNIX->new($ARGV[0]) or die; print $s eval qq("$ARGV[1]");
	    shutdown $s, 1; 1 while <$s>' "$KEYHOLD_SOCKET" "$bytes"
done
expect_status 0 "$KEYHOLD" status
kill -0 "$DAEMON_PID" || fail "the daemon is gone"
