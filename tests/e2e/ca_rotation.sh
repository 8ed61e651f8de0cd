#!/usr/bin/env bash
# A root and an intermediate are rotated, and nobody notices: clients that trust only the old
# root take new certificates, clients that trust only the new root take them too, and the old
# certificates stay valid for both.
. "$(dirname "$0")/lib.sh"

start_daemon
make_ca

leaf() {
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$T/$1.key" \
		-subj /CN=localhost -out "$T/$1.csr" 2>/dev/null
	"$KEYHOLD" cert sign "$T/$1.csr" --ca internal --profile server --out "$T/$1.pem" \
		>/dev/null 2>"$T/said" || fail "$(cat "$T/said")"
}

# verify ROOT CHAIN LEAF: nothing is trusted but ROOT.
verify() {
	openssl verify -x509_strict -purpose sslserver -verify_hostname localhost -no-CApath \
		-no-CAstore -CAfile "$T/$1.pem" -untrusted "$T/$2.pem" "$T/$3.pem"
}

leaf before
"$KEYHOLD" ca chain internal --out "$T/before-chain.pem"
"$KEYHOLD" ca rotate root >"$T/out"
expect_text "root-2" "$T/out"
"$KEYHOLD" ca certificate root-2 --out "$T/root-2.pem"
say "clients get the new root; the intermediate is rotated, and moves beneath it"
"$KEYHOLD" ca rotate internal --days 300 >"$T/out"
expect_text "internal-2" "$T/out"
expect_text "root-2" "$T/out"
"$KEYHOLD" ca show internal >"$T/out"
expect_text "retiring" "$T/out"
leaf after
openssl x509 -in "$T/after.pem" -noout -issuer | grep -q "internal 2" ||
	fail "the old intermediate goes on signing"

say "new leaves"
"$KEYHOLD" ca chain internal-2 --out "$T/new-chain.pem"
"$KEYHOLD" ca chain internal-2 --via root --out "$T/via-root.pem"
verify root-2 new-chain after
verify root via-root after
! verify root new-chain after 2>/dev/null || fail "without a cross-certificate the old root should not do"

say "old leaves"
verify root before-chain before
"$KEYHOLD" ca chain internal --via root-2 --out "$T/via-root-2.pem"
verify root-2 via-root-2 before

say "what the roots signed for each other is on record"
"$KEYHOLD" cert list --ca root --json >"$T/out"
[ "$(grep -c '"profile": "intermediate"' "$T/out")" = 2 ] || fail "$(cat "$T/out")"
expect_status 1 "$KEYHOLD" ca rotate internal
expect_text "retiring" "$T/out"
expect_status 1 "$KEYHOLD" ca retire internal --finally
expect_text "valid still" "$T/out"
stop_daemon
start_daemon
verify root via-root after
"$KEYHOLD" ca chain internal-2 --via root | cmp - "$T/via-root.pem"
"$KEYHOLD" ca activate internal >/dev/null
leaf again
openssl x509 -in "$T/again.pem" -noout -issuer | grep -q "internal$" || fail "not active again"
