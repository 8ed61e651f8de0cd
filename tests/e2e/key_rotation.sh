#!/usr/bin/env bash
# A key rotates under load: no handshake fails, old workers go on with the old key, and
# once it is deleted nobody does.
. "$(dirname "$0")/lib.sh"

# fingerprint PORT: of the certificate, after a whole handshake: a server whose key does
# not sign may have sent its certificate all the same.
fingerprint() {
	timeout 10 openssl s_client -connect "127.0.0.1:$1" -servername localhost </dev/null \
		>"$T/s_client.txt" 2>"$T/s_client.err" || return 1
	openssl x509 -noout -fingerprint -sha256 <"$T/s_client.txt"
}

fingerprint_of() {
	openssl x509 -in "$1" -noout -fingerprint -sha256
}

# hash_of NAME: the SHA-256 of its SPKI.
hash_of() {
	"$KEYHOLD" key show "$1" --json | sed -n 's/.*"spki_sha256": "\(.*\)".*/\1/p'
}

# load VERSION: handshakes, one after another, until $T/enough is there.
load() {
	local i
	: >"$T/served-$1.txt"
	for ((i = 0; i < 5000; i++)); do
		[ ! -e "$T/enough" ] || return 0
		if [ "$(handshake "$port" "$1" 2>>"$T/load-$1.log")" = served ]; then
			echo >>"$T/served-$1.txt"
		else
			date +%T.%N >>"$T/failed.log"
		fi
	done
}

workers_left() {
	comm -12 <(sort <<<"$1") <(nginx_workers | sort)
}

start_daemon
need_provider
make_ca
"$KEYHOLD" cert issue web --ca internal --san localhost --out "$T/tls" >/dev/null
cp "$T/tls/web.crt" "$T/old.crt"
cp "$T/tls/web.key" "$T/old.key"
old_hash=$(hash_of web)
port=$(free_port)
start_nginx "$port" "$T/tls/web.crt" "$T/tls/web.key"

other_port=$(free_port)
"${WITH_PROVIDER[@]}" openssl s_server -accept "127.0.0.1:$other_port" -www -quiet \
	-cert "$T/tls/web.crt" -key "$T/tls/web.key" >"$T/s_server.log" 2>&1 &
PIDS+=("$!")
wait_for "s_server listening" listens "$other_port"

load 1.2 &
loads=("$!")
load 1.3 &
loads+=("$!")
PIDS+=("${loads[@]}")
wait_for "the first handshakes" test -s "$T/served-1.2.txt" -a -s "$T/served-1.3.txt"

say "one connection has sent half a request, another has not begun its handshake"
mkfifo "$T/request"
openssl s_client -connect "127.0.0.1:$port" -servername localhost -CAfile "$T/root.pem" \
	-verify_return_error -quiet <"$T/request" >"$T/held.txt" 2>"$T/held.log" &
PIDS+=("$!")
exec 7>"$T/request"
printf 'GET / HTTP/1.1\r\nHost: localhost\r\n' >&7
wait_for "the held connection's handshake" grep -q 'verify return:1' "$T/held.log"
held_port=$(free_port)
"$HERE/hold.pl" "$port" "$held_port" >"$T/hold.log" 2>&1 &
PIDS+=("$!")
wait_for "the connection without a handshake" grep -q holding "$T/hold.log"
sleep 0.3

old_workers=$(nginx_workers)
"$KEYHOLD" cert issue web --ca internal --san localhost --out "$T/tls" --new-key >"$T/issue.txt"
expect_text "keyhold key delete spki:$old_hash" "$T/issue.txt"
new_hash=$(hash_of web)
[ "$new_hash" != "$old_hash" ] || fail "the key is the same"
[ "$(fingerprint "$port")" = "$(fingerprint_of "$T/old.crt")" ] || fail "served before the reload"
"$KEYHOLD" key list >"$T/keys.txt"
[ "$(grep -c '^web ' "$T/keys.txt")" -eq 2 ] || fail "key list: $(cat "$T/keys.txt")"
say "$(sed -n "s/^\(web .*Z\)  $old_hash/replaced: \1/p" "$T/keys.txt")"

kill -HUP "$NGINX_PID"
served_new() {
	[ "$(fingerprint "$port")" = "$(fingerprint_of "$T/tls/web.crt")" ]
}
# nginx's old workers accept for a moment beside the new ones.
all_new() {
	local i
	for i in 1 2 3 4 5 6; do
		served_new || return 1
	done
}
wait_for "the new certificate and no other after the reload" all_new

say "old workers stay for their connections, and sign with the old key"
[ -n "$(workers_left "$old_workers")" ] || fail "no old worker was left"
[ "$(fingerprint "$held_port")" = "$(fingerprint_of "$T/old.crt")" ] ||
	fail "the old worker's handshake: $(cat "$T/s_client.err")"
[ "$(fingerprint "$other_port")" = "$(fingerprint_of "$T/old.crt")" ] ||
	fail "a process that loaded the old key: $(cat "$T/s_client.err")"
[ ! -s "$T/held.txt" ] || fail "the held connection was answered before its request ended"
printf 'Connection: close\r\n\r\n' >&7
wait_for "the answer on the held connection" grep -q '^served' "$T/held.txt"
exec 7>&-
no_old_workers() {
	[ -z "$(workers_left "$old_workers")" ]
}
wait_for "the old workers' end" no_old_workers

say "the old key deleted: it signs for nobody, and the new one for everybody"
"$KEYHOLD" key delete "spki:$old_hash" --yes >/dev/null
api POST "/v1/keys/spki:$old_hash/sign?scheme=ecdsa_secp256r1_sha256" \
	-H 'Content-Type: application/octet-stream' --data-binary x
expect_problem 404
if fingerprint "$other_port" >/dev/null 2>&1; then
	fail "a handshake with a deleted key"
fi
served_new || fail "the new key after the old one's end"

say "two halves that do not match: nginx refuses them, and says why"
sed "s|$T/tls/web.key|$T/old.key|" "$T/nginx.conf" >"$T/mixed.conf"
expect_status 1 "${WITH_PROVIDER[@]}" nginx -c "$T/mixed.conf" -p "$T/nginx" -e "$T/nginx-test.log" -t
expect_text "key values mismatch" "$T/out"

touch "$T/enough"
wait "${loads[@]}"
[ ! -e "$T/failed.log" ] ||
	fail "$(wc -l <"$T/failed.log") handshakes failed: $(cat "$T"/load-*.log | tail -n 5)"
say "$(cat "$T"/served-*.txt | wc -l) handshakes, none failed"
! grep -q 'exited on signal' "$T/nginx.log" || fail "a worker crashed"
