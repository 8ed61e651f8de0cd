#!/usr/bin/env bash
# Two-way TLS: curl whose key is in the token, against nginx that requires a client certificate.
. "$(dirname "$0")/lib.sh"

start_daemon
need_provider
make_ca
"$KEYHOLD" ca chain internal >"$T/clients.pem"
"$KEYHOLD" cert issue web --ca internal --san localhost --out "$T/tls" >/dev/null

# What the client sent, as the server saw it.
recipe_text() {
	# shellcheck disable=SC2016 # nginx's variables
	page_recipe nginx | sed -e 's|return 200 .*|return 200 "$ssl_client_verify $ssl_client_s_dn $ssl_protocol\\n"; }|' \
		-e "s|^	ssl_protocols.*|&\n$(page_recipe milvus-nginx-two-way | tr '\n' ' ' | sed "s|/etc/keyhold/clients.pem|$T/clients.pem|")|"
}
port=$(free_port)
start_server nginx "$port" "$T/tls/web.crt" "$T/tls/web.key"

get() {
	"${WITH_PROVIDER[@]}" curl -sS --max-time 10 --noproxy '*' --cacert "$T/root.pem" --tlsv"$1" \
		--tls-max "$1" "${@:2}" "https://localhost:$port/" 2>"$T/curl.log"
}

! get 1.3 | grep SUCCESS || fail "nginx served a client without a certificate"
for type in ec-p256 ec-p384 ec-p521 rsa-2048 ed25519; do
	"$KEYHOLD" key create "reader-$type" --type "$type" --use tls >/dev/null
	"$KEYHOLD" key csr "reader-$type" --subject "/CN=reader-$type" >"$T/reader.csr"
	"$KEYHOLD" cert sign "$T/reader.csr" --ca internal --profile client >"$T/reader.pem"
	"$KEYHOLD" key reference "reader-$type" >"$T/reader.key"
	for version in 1.2 1.3; do
		got=$(get $version --cert "$T/reader.pem" --key "$T/reader.key") || fail "$type, TLS $version: $(cat "$T/curl.log")"
		[ "$got" = "SUCCESS CN=reader-$type TLSv$version" ] || fail "$type, TLS $version: nginx saw $got"
		say "$got"
	done
done

say "a reference to another key than the certificate's is noticed by curl itself"
"$KEYHOLD" key reference web >"$T/web.key"
! get 1.3 --cert "$T/reader.pem" --key "$T/web.key" >/dev/null || fail "curl took a key that is not the certificate's"
expect_text "does not match" "$T/curl.log"
