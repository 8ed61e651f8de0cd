#!/usr/bin/env bash
# nginx serves clients that know RSA key exchange alone, with a key made for it and with no
# other; how a handshake fails says nothing about a premaster secret's padding.
. "$(dirname "$0")/lib.sh"

start_daemon
need_provider
make_ca
"$KEYHOLD" cert issue kex --use tls-rsa-kex --ca internal --san localhost --out "$T/tls" >/dev/null
"$KEYHOLD" cert issue web --type rsa-2048 --ca internal --san localhost --out "$T/tls" >/dev/null

usage() {
	openssl x509 -in "$T/tls/$1.crt" -noout -ext keyUsage
}
usage kex | grep -q 'Key Encipherment' || fail "a tls-rsa-kex key has no keyEncipherment"
! usage web | grep -q 'Key Encipherment' || fail "a tls key has keyEncipherment"
openssl verify -x509_strict -purpose sslserver -verify_hostname localhost -CAfile "$T/root.pem" \
	-untrusted "$T/tls/kex.crt" "$T/tls/kex.crt" >/dev/null

CIPHERS='ssl_ciphers AES128-GCM-SHA256:AES256-GCM-SHA384;'
client() { # client PORT CIPHER
	openssl s_client -connect "127.0.0.1:$1" -servername localhost -tls1_2 -cipher "$2" \
		-CAfile "$T/root.pem" -verify_return_error </dev/null
}
fetch() { # fetch PORT CIPHER
	curl -sS --max-time 10 --noproxy '*' --cacert "$T/root.pem" --tlsv1.2 --tls-max 1.2 \
		--ciphers "$2" "https://localhost:$1/"
}

port=$(free_port)
start_nginx "$port" "$T/tls/kex.crt" "$T/tls/kex.key" "$CIPHERS"
for cipher in AES128-GCM-SHA256 AES256-GCM-SHA384; do
	client "$port" "$cipher" >"$T/client" 2>&1 || fail "s_client: $(cat "$T/client")"
	expect_text "Cipher is $cipher" "$T/client"
	expect_text "Verification: OK" "$T/client"
	[ "$(fetch "$port" "$cipher")" = served ] || fail "curl with $cipher"
done
[ "$(handshake "$port" 1.3)" = served ] || fail "the same key in TLS 1.3"
say "a tls-rsa-kex key serves TLS_RSA ciphers, and TLS 1.3"

modulus=$(openssl x509 -in "$T/tls/kex.crt" -noout -modulus | cut -d= -f2)
ending() {
	"$HERE/bad_premaster.pl" "$port" "$modulus" "$1"
}
good=$(ending good)
case $good in
"record 21: 0214, closed") ;; # fatal, bad_record_mac
*) fail "a good premaster secret with a bad Finished ends so: $good" ;;
esac
for kind in first-byte second-byte no-zero zero-in-padding version too-large; do
	for _ in 1 2 3; do
		bad=$(ending "$kind")
		[ "$bad" = "$good" ] || fail "$kind ends otherwise: $bad"
	done
done
say "good padding and bad end alike: $good"
! grep -iE 'padding|premaster|decrypt' "$T/keyholdd.log" || fail "keyholdd's log speaks of it"
stop_nginx

port=$(free_port)
start_nginx "$port" "$T/tls/web.crt" "$T/tls/web.key" "$CIPHERS"
! client "$port" AES128-GCM-SHA256 >"$T/client" 2>&1 || fail "a tls key did RSA key exchange"
! fetch "$port" AES128-GCM-SHA256 >/dev/null 2>&1 || fail "a tls key did RSA key exchange"
wait_for_text 'key web has use tls: it does not decrypt' "$T/nginx.log"
[ "$(handshake "$port" 1.3)" = served ] || fail "a tls key in TLS 1.3"
say "a tls key does not, and nginx's log says why:"
grep -oE 'SSL_do_handshake\(\) failed.*' "$T/nginx.log" | head -n 1
