#!/usr/bin/env bash
# Clients of three TLS libraries, OpenSSL, GnuTLS and NSS, take nginx's keys and certificates of keyhold's.
. "$(dirname "$0")/lib.sh"
. "$HERE/others.sh"

# For SoftHSM's leak in tests/support/lsan.supp, which is one for each Ed25519 key.
export ASAN_OPTIONS=fast_unwind_on_malloc=0
start_daemon
need_provider
make_ca
"$KEYHOLD" ca create stranger --subject "/CN=stranger" >/dev/null
"$KEYHOLD" ca certificate stranger >"$T/stranger.pem"
for root in root stranger; do
	make_nss_database "$T/nss-$root" "$T/$root.pem"
done
printf 'GET / HTTP/1.0\r\n\r\n' >"$T/get"

# connect_by_LIBRARY ROOT PORT TLS-VERSION: a handshake that trusts $T/ROOT.pem alone.
connect_by_openssl() {
	openssl s_client -connect "127.0.0.1:$2" -servername localhost -verify_hostname localhost \
		-no-CApath -no-CAstore -CAfile "$T/$1.pem" -verify_return_error "-tls${3/./_}" </dev/null
}

connect_by_gnutls() {
	gnutls-cli "--x509cafile=$T/$1.pem" --verify-hostname=localhost \
		"--priority=NORMAL:-VERS-ALL:+VERS-TLS$3" -p "$2" 127.0.0.1 </dev/null
}

# tstclnt offers no RSASSA-PSS by RSA-PSS keys unless told to, and knows it all the same.
connect_by_nss() {
	timeout 20 tstclnt -O -4 -h localhost -p "$2" -d "sql:$T/nss-$1" -V "tls$3:tls$3" -A "$T/get" \
		-J ecdsa_secp256r1_sha256,ecdsa_secp384r1_sha384,rsa_pss_rsae_sha256,rsa_pss_pss_sha256
}

# expect_clients WANTED WHAT ROOT PORT TLS-VERSION: "yes" or "no" of OpenSSL, GnuTLS and NSS.
expect_clients() {
	local want=$1 what=$2 library got=
	shift 2
	for library in openssl gnutls nss; do
		if "connect_by_$library" "$@" >"$T/$library.log" 2>&1; then
			got+=" yes"
		else
			got+=" no"
		fi
	done
	# shellcheck disable=SC2086 # in columns
	printf '%-40s %-8s %-8s %s\n' "$what" $got
	[ "${got# }" = "$want" ] || fail "$what:$got instead of $want"
}

# Of NSS as in certificates_verified_by_others.sh: no Ed25519, and servers' RSA keys with keyEncipherment only.
say "keys, and which clients take them: OpenSSL GnuTLS NSS"
for what in ec-p256:tls ec-p384:tls rsa-2048:tls rsa-2048:tls-rsa-kex rsa-pss-2048:tls ed25519:tls; do
	name=${what/:/-}
	"$KEYHOLD" cert issue "$name" --type "${what%:*}" --use "${what#*:}" --ca internal --san localhost \
		--out "$T/tls" >/dev/null
	port=$(free_port)
	start_nginx "$port" "$T/tls/$name.crt" "$T/tls/$name.key"
	want="yes yes yes"
	case $what in
	ed25519:tls | rsa-2048:tls) want="yes yes no" ;;
	esac
	for version in 1.2 1.3; do
		expect_clients "$want" "$what, TLS $version" root "$port" "$version"
	done
	expect_clients "no no no" "$what, another's root" stranger "$port" 1.3
	case $what in
	rsa-2048:tls) expect_text SEC_ERROR_INADEQUATE_KEY_USAGE "$T/nss.log" ;;
	ec-p256:tls) expect_text SEC_ERROR_UNKNOWN_ISSUER "$T/nss.log" ;;
	esac
	stop_nginx
done
