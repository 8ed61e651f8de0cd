#!/usr/bin/env bash
# OpenSSL, GnuTLS, NSS and strongSwan take keyhold's chains for what they are for, and for nothing else.
. "$(dirname "$0")/lib.sh"
. "$HERE/others.sh"

# For SoftHSM's leak in tests/support/lsan.supp, which is one for each Ed25519 key.
export ASAN_OPTIONS=fast_unwind_on_malloc=0
start_daemon
"$KEYHOLD" ca create stranger --subject "/CN=stranger" >/dev/null
"$KEYHOLD" ca certificate stranger >"$T/stranger.pem"

# expect_verdicts WANTED WHAT CHAIN ROOT PURPOSE NAME
expect_verdicts() {
	local want=$1 what=$2 got
	shift 2
	got=$(verdicts "$@")
	# shellcheck disable=SC2086 # in columns
	printf '%-40s %-8s %-8s %-8s %s\n' "$what" $got
	[ "$got" = "$want" ] || fail "$what: $got instead of $want: $(cat "$T/verdict")"
}

# In the words of OpenSSL: nothing that it does not know, and nothing more.
expect_extensions() {
	openssl x509 -in "$1" -noout -text | sed -n '/X509v3 extensions:/,$p' |
		grep -E '^ {12}[^ ]' | sed 's/^ *//; s/: *$//' | LC_ALL=C sort >"$T/extensions"
	printf '%s\n' 'X509v3 Authority Key Identifier' 'X509v3 Basic Constraints: critical' \
		'X509v3 Extended Key Usage' 'X509v3 Key Usage: critical' 'X509v3 Subject Alternative Name' \
		'X509v3 Subject Key Identifier' | diff - "$T/extensions" || fail "extensions of $1"
}

issuers_of() {
	local type=$1

	"$KEYHOLD" ca create "root-$type" --type "$type" --subject "/O=keyhold test/CN=root $type" >/dev/null
	"$KEYHOLD" ca create "internal-$type" --issuer "root-$type" --type "$type" >/dev/null
	"$KEYHOLD" ca certificate "root-$type" >"$T/root.pem"
}

certificates_of() {
	local type=$1 use=$2 profile
	"$KEYHOLD" key create "$use-$type" --type "$type" --use "$use" >/dev/null
	"$KEYHOLD" key csr "$use-$type" --subject /CN=web.example --san web.example --san 192.0.2.1 \
		--out "$T/csr"
	for profile in server client peer; do
		"$KEYHOLD" cert sign "$T/csr" --ca "internal-$type" --profile $profile >"$T/$profile.pem" 2>"$T/warnings"
		expect_extensions "$T/$profile.pem"
	done
	sed '/^-----END/q' "$T/server.pem" >"$T/leaf.pem"
}

say "issuers, the purpose asked about, and who says so: ${VERIFIERS[*]}"
for what in ec-p256:tls ec-p384:tls ec-p521:tls rsa-2048:tls rsa-2048:tls-rsa-kex rsa-pss-2048:tls ed25519:tls; do
	type=${what%:*} use=${what#*:}
	[ "$use" = tls-rsa-kex ] || issuers_of "$type"
	certificates_of "$type" "$use"
	for purpose in server client; do
		want=$(wanted_verdicts "$T/$purpose.pem" $purpose)
		expect_verdicts "$want" "$what: $purpose" "$T/$purpose.pem" "$T/root.pem" $purpose web.example
		expect_verdicts "$want" "$what: peer as $purpose" "$T/peer.pem" "$T/root.pem" $purpose web.example
	done
	expect_verdicts "no no no yes" "$what: server as client" "$T/server.pem" "$T/root.pem" client web.example
	expect_verdicts "no no no yes" "$what: client as server" "$T/client.pem" "$T/root.pem" server web.example
	expect_verdicts "no no no no" "$what: another's root" "$T/server.pem" "$T/stranger.pem" server web.example
	expect_verdicts "no no no no" "$what: no intermediate" "$T/leaf.pem" "$T/root.pem" server web.example
done
for host in other.example xweb.example x.web.example; do
	! verify_with_openssl "$T/server.pem" "$T/root.pem" server $host || fail "OpenSSL takes it for $host"
	! verify_with_gnutls "$T/server.pem" "$T/root.pem" server $host || fail "GnuTLS takes it for $host"
done
verify_with_gnutls "$T/server.pem" "$T/root.pem" server 192.0.2.1 || fail "GnuTLS: $(cat "$T/verdict")"
say "of $host and others: neither OpenSSL nor GnuTLS; of 192.0.2.1: GnuTLS"

# At the limits: 100 names, a chain of four, and a root whose end is past 2049, so in another form of time.
names=(--san web.example --san xn--bcher-kva.example --san 2001:db8::1)
for ((i = 4; i <= 100; i++)); do
	names+=(--san "host-$i.$(printf 'a%.0s' {1..63}).example")
done
"$KEYHOLD" ca create old --subject "/CN=old root" --days 9131 >/dev/null
"$KEYHOLD" ca create middle --issuer old --path-len 1 >/dev/null
"$KEYHOLD" ca create low --issuer middle >/dev/null
"$KEYHOLD" ca certificate old >"$T/root.pem"
"$KEYHOLD" key csr tls-ec-p256 "${names[@]}" --out "$T/csr"
"$KEYHOLD" cert sign "$T/csr" --ca low --profile server >"$T/server.pem"
openssl x509 -in "$T/root.pem" -outform DER | openssl asn1parse -inform DER >"$T/parsed"
expect_text GENERALIZEDTIME "$T/parsed"
for name in web.example host-100.$(printf 'a%.0s' {1..63}).example xn--bcher-kva.example; do
	expect_verdicts "yes yes yes yes" "at the limits: ${name:0:21}" "$T/server.pem" "$T/root.pem" server "$name"
done
verify_with_gnutls "$T/server.pem" "$T/root.pem" server 2001:db8::1 || fail "GnuTLS: $(cat "$T/verdict")"
# Without the authority in the middle.
awk '/^-----BEGIN/ { n++ } n != 3' "$T/server.pem" >"$T/gap.pem"
expect_verdicts "no no no no" "at the limits: a gap" "$T/gap.pem" "$T/root.pem" server web.example
