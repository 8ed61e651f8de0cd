#!/usr/bin/env bash
# Each SignatureScheme that a key has is signed for a client that takes no other.
. "$(dirname "$0")/lib.sh"

# type, scheme (RFC 8446 section 4.2.3), versions of TLS
SCHEMES='
ec-p256 ecdsa_secp256r1_sha256 1_2 1_3
ec-p256 ecdsa_secp384r1_sha384 1_2
ec-p384 ecdsa_secp384r1_sha384 1_2 1_3
ec-p521 ecdsa_secp521r1_sha512 1_2 1_3
rsa-2048 rsa_pkcs1_sha256 1_2
rsa-2048 rsa_pkcs1_sha384 1_2
rsa-2048 rsa_pkcs1_sha512 1_2
rsa-2048 rsa_pss_rsae_sha256 1_2 1_3
rsa-2048 rsa_pss_rsae_sha384 1_2 1_3
rsa-2048 rsa_pss_rsae_sha512 1_2 1_3
rsa-pss-2048 rsa_pss_pss_sha256 1_2 1_3
rsa-pss-2048 rsa_pss_pss_sha384 1_2 1_3
rsa-pss-2048 rsa_pss_pss_sha512 1_2 1_3
ed25519 ed25519 1_2 1_3'

start_daemon
need_provider
# A client must take the CA's signature too: one that no other key below could make.
"$KEYHOLD" ca create root --subject "/O=keyhold test/CN=test root" --type ed25519 >/dev/null
"$KEYHOLD" ca certificate root >"$T/root.pem"

# ask SCHEME VERSION: what of the handshake matters, in one line
ask() {
	local sigalgs=$1
	[ "$1" = ed25519 ] || sigalgs+=:ed25519
	timeout 10 openssl s_client -connect "127.0.0.1:$port" "-tls$2" -sigalgs "$sigalgs" \
		-servername localhost -CAfile "$T/root.pem" -verify_return_error </dev/null >"$T/client.txt" 2>&1 ||
		return 1
	grep -E '^(Peer sign|Verification)' "$T/client.txt" | sed 's/.*: //' | paste -sd' '
}

# expected SCHEME: what s_client says of it
expected() {
	local hash
	hash=SHA${1##*sha}
	case $1 in
	ecdsa_*) echo "$hash ECDSA OK" ;;
	rsa_pkcs1_*) echo "$hash RSA OK" ;;
	rsa_pss_*) echo "$hash RSA-PSS OK" ;;
	ed25519) echo "ed25519 OK" ;;
	esac
}

served=
while read -r type scheme versions; do
	[ -n "$type" ] || continue
	if [ "$type" != "$served" ]; then
		[ -z "$served" ] || stop_nginx
		"$KEYHOLD" cert issue "web-$type" --type "$type" --ca root --san localhost --out "$T/tls" >/dev/null
		port=$(free_port)
		start_nginx "$port" "$T/tls/web-$type.crt" "$T/tls/web-$type.key"
		served=$type
	fi
	for version in $versions; do
		got=$(ask "$scheme" "$version") || fail "$type, $scheme, TLS $version: $(tail -20 "$T/client.txt")"
		[ "$got" = "$(expected "$scheme")" ] || fail "$type, $scheme, TLS $version: got $got"
	done
	say "$type $scheme: TLS $versions"
done <<<"$SCHEMES"

say "the two families of RSA keys do not sign for each other"
stop_nginx
for pair in "rsa-2048 rsa_pss_pss_sha256" "rsa-pss-2048 rsa_pss_rsae_sha256"; do
	read -r type scheme <<<"$pair"
	start_nginx "$port" "$T/tls/web-$type.crt" "$T/tls/web-$type.key"
	! ask "$scheme" 1_3 >/dev/null || fail "a key of type $type signed $scheme"
	stop_nginx
done
