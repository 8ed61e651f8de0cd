#!/usr/bin/env bash
# What an ACME server refuses is shown whole, what it asks for is done, and nonsense is no more than an error.
. "$(dirname "$0")/lib.sh"

start_daemon
make_ca
cd "$T"
unset http_proxy https_proxy ALL_PROXY
port=$(free_port)
echo refuse >mode
python3 "$HERE/acme_server.py" "$port" "$T" >server.log 2>&1 &
PIDS+=("$!")
wait_for "the server's answer" curl -sf "http://127.0.0.1:$port/dir"
"$KEYHOLD" key create account --use sign >/dev/null
"$KEYHOLD" cert issue web --ca internal --san web.example --out . >/dev/null
SERVER=(--acme "http://127.0.0.1:$port/dir")
OBTAIN=("$KEYHOLD" acme obtain web "${SERVER[@]}" --account account --challenge http-01 --listen "127.0.0.1:$(free_port)" --san web.example)

# answers MODE STATUS TEXT...: an order in this mode ends so, and says so.
answers() {
	local mode=$1 status=$2 text
	shift 2
	echo "$mode" >mode
	rm -f order
	expect_status "$status" "${OBTAIN[@]}" --replaces web.crt
	for text; do
		expect_text "$text" out
	done
}

# octets: hex to base64url.
octets() {
	perl -MMIME::Base64=encode_base64url -ne 'chomp; print encode_base64url(pack("H*", $_))'
}

say "a refusal with all its parts"
answers refuse 1 "type: urn:ietf:params:acme:error:compound" "detail: Some of the identifiers requested were rejected" "status: 400" \
	"subproblem of dns _x.example:" "type: urn:ietf:params:acme:error:malformed" 'detail: Invalid underscore in DNS name "_x.example"' \
	"subproblem of dns no.example:" 'detail: This CA will not issue for "no.example"'

say "the order says what it replaces, by the name that renewal information has, unless the server minds"
"$KEYHOLD" acme window web.crt "${SERVER[@]}" >out
expect_text "2026-02-03T03:05:06Z" out
expect_text "2026-02-04T04:05:06Z" out
expect_text "https://acme.example/why" out
key_id=$(openssl x509 -in web.crt -noout -ext authorityKeyIdentifier | tail -n 1 | tr -d ' :' | octets)
serial=$(openssl x509 -in web.crt -noout -serial | cut -d= -f2)
case $serial in [89A-F]*) serial=00$serial ;; esac
name=$key_id.$(octets <<<"$serial")
[ "$(cat certid)" = "$name" ] || fail "the certificate is asked for as $(cat certid), not $name"
expect_text "\"replaces\":\"$name\"" order
answers replaced 1 "compound"
! grep -q replaces order || fail "the second order still replaces"
answers no-renewal 1 "compound"
! grep -q replaces order || fail "replaces, without renewal information"
expect_status 1 "$KEYHOLD" acme window web.crt "${SERVER[@]}"

say "to wait, a moment or longer"
answers busy 1 "compound"
answers limited 3 "rateLimited" "The server asks to wait 86000 seconds."

say "an order that ends badly, after all names were proven"
answers invalid 1 "type: urn:ietf:params:acme:error:caa" "detail: CAA record for web.example prevents issuance"
answers invalid-mute 1 "the order is invalid"

say "nonsense"
answers nonce 1 "badNonce"
answers html 3 "directory is no JSON object"
answers elsewhere 1 "@example.org/order" "is no URL to ask"
answers plain 1 "http://acme.example/order"
answers large 3 "over 262144 bytes"
answers other 3 "other.example, which was not ordered"
echo backwards >mode
expect_status 3 "$KEYHOLD" acme window web.crt "${SERVER[@]}"
expect_text suggestedWindow out

# interrupted PID: it ends soon, and says why.
interrupted() {
	local status=0 begin=$SECONDS
	wait "$1" || status=$?
	[ "$status" -eq 3 ] || fail "exit status $status"
	[ $((SECONDS - begin)) -lt 10 ] || fail "it took $((SECONDS - begin)) seconds"
	expect_text interrupted out
}

say "an interrupt, or the end of the terminal, ends a request"
echo hangs >mode
rm -f order
"${OBTAIN[@]}" >out 2>&1 &
waiting=$!
PIDS+=("$waiting")
wait_for "the order" test -s order
kill -HUP "$waiting"
interrupted "$waiting"

say "an interrupt ends the waiting, and takes away what was shown"
mkdir root
echo never >mode
"$KEYHOLD" acme obtain web "${SERVER[@]}" --account account --challenge http-01 --webroot root --san web.example >out 2>&1 &
waiting=$!
PIDS+=("$waiting")
wait_for "the file in the webroot" test -s root/.well-known/acme-challenge/token
kill -TERM "$waiting"
interrupted "$waiting"
[ -z "$(find root -type f)" ] || fail "the file is still there"
