#!/usr/bin/env bash
# An ACME server certifies keys of the token, by an account whose key is there too.
. "$(dirname "$0")/lib.sh"

type -P pkcs11-tool >/dev/null || skip "pkcs11-tool is missing; install opensc"
. "$HERE/pebble.sh"

start_daemon
cd "$T"
listen_http=$(free_port) listen_tls=$(free_port)
mac=zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W
# A fifth of all nonces is refused. Every validation is one of its own, but for one in a hundred: what has to be
# validated has a name that never was.
start_pebble ", \"externalAccountBindingRequired\": true, \"externalAccountMACKeys\": { \"kid-1\": \"$mac\" }" \
	PEBBLE_WFE_NONCEREJECT=20 PEBBLE_AUTHZREUSE=0
# Between pebble and what it looks at: loses as many connections as lose() says. Pebble looks three times at once, and one
# loss fails the validation.
echo 0 >lost
for pair in "$http $listen_http" "$tls $listen_tls"; do
	# shellcheck disable=SC2086 # two ports
	python3 "$HERE/lossy.py" $pair lost >>lossy.log 2>&1 &
	PIDS+=("$!")
done
lose() {
	echo "$1" >lost
}
wait_for "the names' answer" curl -sf -d '{"host":"none."}' "http://127.0.0.1:$names/clear-txt"

SERVER=(--acme "https://localhost:$api/dir" --ca-file pebble.pem)
ACCOUNT=("${SERVER[@]}" --account account)
LISTEN=(--challenge http-01 --listen "127.0.0.1:$listen_http")
curl -sf --cacert pebble.pem "https://localhost:$management/roots/0" >issuer.pem
curl -sf --cacert pebble.pem "https://localhost:$management/intermediates/0" >intermediate.pem

# certified FILE KEY NAME...: the chain is good, for the key in the token, and for the names.
certified() {
	local file=$1 key=$2 name
	shift 2
	openssl verify -CAfile issuer.pem -untrusted "$file" "$file" >/dev/null || fail "$file is not good"
	"$KEYHOLD" key public "$key" >public.pem
	openssl x509 -in "$file" -noout -pubkey | cmp - public.pem || fail "$file is not for the key $key"
	for name in "$@"; do
		openssl x509 -in "$file" -noout -ext subjectAltName | tr ',' '\n' | grep -qx " *$name" || fail "$file is not for $name"
	done
}

say "an account, bound to one outside"
"$KEYHOLD" key create account --use sign >/dev/null
expect_status 2 "$KEYHOLD" acme register "${ACCOUNT[@]}"
expect_text "terms of service" out
expect_status 2 "$KEYHOLD" acme register "${ACCOUNT[@]}" --agree-terms
expect_text "--eab-kid" out
(umask 077 && echo "$mac" >mac && echo "${mac/z/y}" >wrong-mac)
expect_status 1 "$KEYHOLD" acme register "${ACCOUNT[@]}" --agree-terms --eab-kid kid-1 --eab-key-file wrong-mac
expect_text "type: urn:ietf:params:acme:error:" out
expect_status 1 "$KEYHOLD" acme show "${ACCOUNT[@]}"
expect_text "accountDoesNotExist" out
expect_text "keyhold acme register" out
"$KEYHOLD" acme register "${ACCOUNT[@]}" --agree-terms --contact admin@example.org --eab-kid kid-1 --eab-key-file mac >out
expect_text "mailto:admin@example.org" out
"$KEYHOLD" --json acme show "${ACCOUNT[@]}" >out
expect_text '"status": "valid"' out
chmod 644 mac
expect_status 4 "$KEYHOLD" acme register "${ACCOUNT[@]}" --agree-terms --eab-kid kid-1 --eab-key-file mac

say "http-01 by an own listener, for all kinds of keys"
for type in ec-p256 ec-p384 ec-p521 rsa-2048 rsa-4096 ed25519; do
	"$KEYHOLD" key create "web-$type" --type "$type" --use tls >/dev/null
	"$KEYHOLD" acme obtain "web-$type" "${ACCOUNT[@]}" "${LISTEN[@]}" --san "$type.example" --out "$type.crt"
	certified "$type.crt" "web-$type" "DNS:$type.example"
done
"$KEYHOLD" key create old --type rsa-2048 --use tls-rsa-kex >/dev/null
"$KEYHOLD" acme obtain old "${ACCOUNT[@]}" "${LISTEN[@]}" --san old.example >old.crt
certified old.crt old DNS:old.example

say "several names and addresses, one after the other"
"$KEYHOLD" acme obtain web-ec-p256 "${ACCOUNT[@]}" "${LISTEN[@]}" --san a.example --san B.Example --san 127.0.0.1 --out many.crt
certified many.crt web-ec-p256 DNS:a.example "IP Address:127.0.0.1"

say "renewed, with the same key, and with a new one"
serial=$(openssl x509 -in ec-p256.crt -noout -serial)
"$KEYHOLD" acme obtain web-ec-p256 "${ACCOUNT[@]}" "${LISTEN[@]}" --san ec-p256.example --replaces ec-p256.crt --out ec-p256.crt
certified ec-p256.crt web-ec-p256 DNS:ec-p256.example
[ "$serial" != "$(openssl x509 -in ec-p256.crt -noout -serial)" ] || fail "the certificate is the old one"
"$KEYHOLD" key rotate web-ec-p256 >/dev/null
"$KEYHOLD" acme obtain web-ec-p256 "${ACCOUNT[@]}" "${LISTEN[@]}" --san ec-p256.example --out ec-p256.crt
certified ec-p256.crt web-ec-p256 DNS:ec-p256.example

say "validations that fail are tried again, with a new order"
lose $((RANDOM % 3 + 1))
"$KEYHOLD" acme obtain old "${ACCOUNT[@]}" "${LISTEN[@]}" --san once.example --out once.crt
certified once.crt old DNS:once.example
lose 4
"$KEYHOLD" acme obtain old "${ACCOUNT[@]}" "${LISTEN[@]}" --san twice.example --out twice.crt
certified twice.crt old DNS:twice.example

say "and not for ever; the server's reason is shown"
lose 1000
expect_status 1 "$KEYHOLD" acme obtain old "${ACCOUNT[@]}" "${LISTEN[@]}" --san thrice.example --out thrice.crt
lose 0
expect_text "http-01 of thrice.example failed" out
expect_text "type: urn:ietf:params:acme:error:connection" out
expect_text "detail: " out
[ ! -e thrice.crt ] || fail "a file without a certificate"

say "http-01 by a directory of another web server"
mkdir root
python3 -m http.server --bind 127.0.0.1 --directory root "$listen_http" >webroot.log 2>&1 &
PIDS+=("$!")
wait_for "the web server" curl -s "http://127.0.0.1:$listen_http/"
(umask 077 && "$KEYHOLD" acme obtain old "${ACCOUNT[@]}" --challenge http-01 --webroot root --san root.example --out root.crt)
certified root.crt old DNS:root.example
[ -z "$(find root -type f)" ] || fail "a challenge is left in the directory"
expect_text "GET /.well-known/acme-challenge/" webroot.log
expect_status 4 "$KEYHOLD" acme obtain old "${ACCOUNT[@]}" "${LISTEN[@]}" --san taken.example
expect_text "cannot listen on 127.0.0.1:$listen_http" out

say "dns-01 by a program, with a wildcard"
cat >hook <<END
#!/bin/sh
echo "\$@" >>"$T/hook.calls"
rm -rf "$T/away"
case \$2 in
add) exec curl -sf -d "{\"host\":\"\$3.\",\"value\":\"\$4\"}" http://127.0.0.1:$names/set-txt ;;
remove) exec curl -sf -d "{\"host\":\"\$3.\"}" http://127.0.0.1:$names/clear-txt ;;
esac
END
chmod +x hook
"$KEYHOLD" acme obtain old "${ACCOUNT[@]}" --challenge dns-01 --dns-hook "$T/hook" --dns-hook zone --san dns.example \
	--san '*.dns.example' --out dns.crt
certified dns.crt old DNS:dns.example 'DNS:\*.dns.example'
[ "$(grep -c '^zone add _acme-challenge.dns.example ' hook.calls)" -eq 2 ] || fail "the program was not called twice"
[ "$(grep -c '^zone remove _acme-challenge.dns.example ' hook.calls)" -eq 2 ] || fail "a record was not removed"
say "a file that cannot be written is told before the order, and later costs no certificate"
calls=$(wc -l <hook.calls)
expect_status 4 "$KEYHOLD" acme obtain old "${ACCOUNT[@]}" --challenge dns-01 --dns-hook "$T/hook" --dns-hook zone --san dns.example \
	--out nowhere/dns.crt
expect_text "nowhere/dns.crt" out
[ "$(wc -l <hook.calls)" -eq "$calls" ] || fail "the server was asked all the same"
mkdir away
expect_status 4 "$KEYHOLD" acme obtain old "${ACCOUNT[@]}" --challenge dns-01 --dns-hook "$T/hook" --dns-hook zone --san away.example \
	--out away/dns.crt
expect_text "it is on standard output" out
certified out old DNS:away.example

say "a program that fails is told, and may clean up"
cat >hook <<END
#!/bin/sh
echo "\$1" >>"$T/verbs"
printf 'the zone is \\233locked\\n'
exit 7
END
expect_status 4 "$KEYHOLD" acme obtain old "${ACCOUNT[@]}" --challenge dns-01 --dns-hook "$T/hook" --san locked.example
expect_text "exited with 7" out
expect_text "the zone is ?locked" out
[ "$(cat verbs)" = $'add\nremove' ] || fail "after an add that failed, which may have set the record: no remove"
expect_status 2 "$KEYHOLD" acme obtain old "${ACCOUNT[@]}" "${LISTEN[@]}" --san '*.dns.example'
expect_text "a wildcard takes the challenge dns-01" out

say "tls-alpn-01, whose key is in the token as well"
ALPN=(--challenge tls-alpn-01 --listen "127.0.0.1:$listen_tls")
"$KEYHOLD" acme obtain old "${ACCOUNT[@]}" "${ALPN[@]}" --san alpn.example --san 127.0.0.1 --out alpn.crt
certified alpn.crt old DNS:alpn.example "IP Address:127.0.0.1"
lose 2
"$KEYHOLD" acme obtain old "${ACCOUNT[@]}" "${ALPN[@]}" --san alpn.example --out alpn.crt
certified alpn.crt old DNS:alpn.example

say "revoked, with its reason"
status_of() {
	curl -sf --cacert pebble.pem "https://localhost:$management/cert-status-by-serial/$(openssl x509 -in "$1" -noout -serial | cut -d= -f2)"
}
"$KEYHOLD" acme revoke alpn.crt "${ACCOUNT[@]}" --reason superseded
status_of alpn.crt >out
expect_text Revoked out
expect_text '"Reason": 4' out
expect_status 1 "$KEYHOLD" acme revoke alpn.crt "${ACCOUNT[@]}"
expect_text "alreadyRevoked" out

say "the account gets another key: of each type that the server takes"
account=account
for type in ec-p384 rsa-2048 ec-p521; do
	"$KEYHOLD" key create "account-$type" --type "$type" --use sign >/dev/null
	"$KEYHOLD" acme rollover "${SERVER[@]}" --account "$account" --new-account "account-$type" >/dev/null
	expect_status 1 "$KEYHOLD" acme show "${SERVER[@]}" --account "$account"
	expect_text accountDoesNotExist out
	account=account-$type
	"$KEYHOLD" acme obtain old "${SERVER[@]}" --account "$account" "${ALPN[@]}" --san rolled.example --out rolled.crt
	certified rolled.crt old DNS:rolled.example
done
"$KEYHOLD" acme rollover "${SERVER[@]}" --account "$account" --new-account account >/dev/null
expect_status 1 "$KEYHOLD" acme show "${SERVER[@]}" --account web-ec-p256
expect_text "of use sign" out

say "without renewal information there is no window"
expect_status 1 "$KEYHOLD" acme window old.crt "${SERVER[@]}"
expect_text "RFC 9773" out

say "a server that nobody vouches for is not asked, nor one without TLS elsewhere"
expect_status 3 "$KEYHOLD" acme show --acme "https://localhost:$api/dir" --account account
expect_text "certificate" out
expect_status 1 "$KEYHOLD" acme show --acme "http://192.0.2.1/dir" --account account
expect_text "is no URL to ask" out

say "closed for ever"
expect_status 2 "$KEYHOLD" acme deactivate "${ACCOUNT[@]}"
"$KEYHOLD" acme deactivate "${ACCOUNT[@]}" --yes >/dev/null
expect_status 1 "$KEYHOLD" acme obtain old "${ACCOUNT[@]}" "${ALPN[@]}" --san late.example

say "all these keys are objects of the token that cannot be extracted"
SOFTHSM2_CONF=$T/dev/token/softhsm2.conf PIN=$(cat dev/pin) pkcs11-tool \
	--module "$(awk '/^ *module:/ { print $2 }' dev/keyhold.yaml)" --token-label "$(awk '/^ *label:/ { print $2 }' dev/keyhold.yaml)" \
	--login --pin env:PIN --list-objects --type privkey >objects 2>&1 || { cat objects; fail "pkcs11-tool"; }
for key in account account-ec-p384 account-rsa-2048 web-rsa-4096 web-ed25519 old; do
	perl -0777 -ne 'exit(!/label: +\Q'"$key"'\E\n(?:  .*\n)*?  Access: +sensitive, always sensitive, never extract/)' objects ||
		{ cat objects; fail "$key can be extracted, or is not there"; }
done
rm pebble.key
perl "$HERE/find_keys.pl" ./*.crt ./*.log mac hook.calls root dev/state dev/keyhold.yaml out || fail "a private key in a file"
