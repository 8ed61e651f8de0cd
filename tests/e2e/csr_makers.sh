#!/usr/bin/env bash
# Requests by everybody's tools become certificates that others verify, or are refused by the right rules.
. "$(dirname "$0")/lib.sh"
. "$HERE/others.sh"
. "$HERE/csr/makers.sh"

start_daemon
make_ca
make_csrs "$T/csr"

# The certificate is for the key of the request, by name, and has nothing else of it.
expect_certificate() {
	local csr=$1 chain=$2 form=PEM want=web.example
	grep -q -e '-----BEGIN' "$csr" || form=DER
	[ "$(openssl req -in "$csr" -inform $form -noout -pubkey)" = "$(openssl x509 -in "$chain" -noout -pubkey)" ] ||
		fail "$csr: another key"
	openssl x509 -in "$chain" -noout -ext subjectAltName >"$T/names"
	expect_text "DNS:$want" "$T/names"
	! openssl x509 -in "$chain" -outform DER | grep -a secret >/dev/null || fail "$csr: the challenge password is in the certificate"
}

say "taken: request, then who verifies its certificate: ${VERIFIERS[*]}"
for csr in "$T"/csr/taken/*.csr; do
	name=$(basename "$csr" .csr)
	"$KEYHOLD" cert sign "$csr" --ca internal --profile server >"$T/by-cli.pem" 2>"$T/said" ||
		fail "$name by the command line: $(cat "$T/said")"
	api POST "/v1/issuers/internal/certificates?profile=server" -H 'Content-Type: application/pkcs10' \
		--data-binary "@$csr"
	[ "$STATUS" = 201 ] || fail "$name over HTTP: $STATUS, $(cat "$T/body")"
	for chain in "$T/by-cli.pem" "$T/body"; do
		expect_certificate "$csr" "$chain"
	done
	got=$(verdicts "$T/by-cli.pem" "$T/root.pem" server web.example)
	# shellcheck disable=SC2086 # in columns
	printf '%-40s %-8s %-8s %-8s %s\n' "$name" $got
	[ "$got" = "$(wanted_verdicts "$T/by-cli.pem" server)" ] || fail "$name: $got: $(cat "$T/verdict")"
done

say "refused: request, then the rules that it breaks"
for csr in "$T"/csr/refused/*.csr; do
	name=$(basename "$csr" .csr)
	api POST "/v1/issuers/internal/certificates?profile=server" -H 'Content-Type: application/pkcs10' \
		--data-binary "@$csr"
	expect_problem 422
	got=$(grep -o '"rule": *"[a-z0-9-]*"' "$T/body" | sed 's/.*: *"//; s/"$//' | LC_ALL=C sort -u | paste -sd+)
	printf '%-60s %s\n' "$name" "$got"
	[ "$got" = "${name%.*}" ] || fail "$name breaks $got"
	expect_status 1 "$KEYHOLD" cert sign "$csr" --ca internal --profile server
	expect_text "${got%%+*}" "$T/out"
done

# A maker that makes nothing would pass all of the above.
for maker in openssl gnutls nss strongswan cryptography keytool peculiar pkijs; do
	for kind in taken refused; do
		compgen -G "$T/csr/$kind/*.$maker.csr" >"$T/out" || fail "no request by $maker is $kind"
	done
done
! grep -F secret "$T/keyholdd.log" || fail "a challenge password is in the log"
