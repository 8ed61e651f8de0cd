#!/usr/bin/env bash
# A newcomer gets from nothing to a CA, and from a gen.sh to that CA, by typing what docs/ca.md says.
. "$(dirname "$0")/lib.sh"
. "$HERE/others.sh"

CA_MD=$HERE/../../docs/ca.md
mkdir "$T/bin" "$T/home"
ln -s "$KEYHOLD" "$KEYHOLDD" "$T/bin"
PATH=$T/bin:$PATH
cd "$T/home"

# type_recipe NAME: its lines, in this shell, as a reader would.
type_recipe() {
	say "$1"
	page_recipe "$1" "$CA_MD" >"$T/recipe"
	# shellcheck disable=SC1091 # from the page
	. "$T/recipe" >>"$T/typed.log" 2>&1
}

type_recipe authority
PIDS+=("$!")
type_recipe server
verify_with_gnutls db.pem root.pem server db.example || fail "GnuTLS: $(cat "$T/verdict")"
verify_with_gnutls db.pem root.pem server 192.0.2.10 || fail "GnuTLS: $(cat "$T/verdict")"
type_recipe client
verify_with_nss app.pem root.pem client app.example || fail "NSS: $(cat "$T/verdict")"
! verify_with_nss app.pem root.pem server app.example || fail "a client's certificate passes for a server's"
type_recipe issue
expect_text "KEYHOLD KEY REFERENCE" tls/web.key
[ "$(keyhold cert list --ca internal --expires-before 120d --json | grep -c '"serial"')" = 3 ] ||
	fail "not all three are listed"
page_recipe wrong "$CA_MD" >"$T/recipe"
expect_status 1 bash -e "$T/recipe"
with_any_id() { sed -E 's/^  request [0-9a-f]+-[0-9a-f]+$/  request ID/'; }
diff <(page_recipe wrong-says "$CA_MD" | with_any_id) <(with_any_id <"$T/out") || fail "the page shows another refusal"

# What scripts of this kind have in common: one subject for all, a copied section, ten years.
cat >gen.cnf <<'CNF'
[req]
distinguished_name = name
req_extensions = v3_req
[name]
commonName = Common Name
[v3_req]
basicConstraints = CA:FALSE
keyUsage = nonRepudiation, digitalSignature, keyEncipherment
CNF
cat >gen.sh <<'GEN'
subject=/C=CN/O=example/OU=example/CN=localhost
openssl genrsa -out ca.key 2048
openssl req -new -x509 -key ca.key -out ca.pem -days 3650 -subj "$subject ca"
for who in server client; do
	openssl genpkey -algorithm RSA -out $who.key
	openssl req -new -nodes -key $who.key -out $who.csr -subj $subject -config gen.cnf
	openssl x509 -req -days 3650 -in $who.csr -out $who.pem -CA ca.pem -CAkey ca.key -CAcreateserial \
		-extfile gen.cnf -extensions v3_req
done
GEN
sh -e gen.sh >"$T/gen.log" 2>&1 || fail "$(cat "$T/gen.log")"
mkdir old
cp server.* client.* old

# talk DIRECTORY-OF-SERVER DIRECTORY-OF-CLIENT: two-way TLS, both sides with trusted.pem alone.
talk() {
	local port server status=0
	port=$(free_port)
	openssl s_server -accept "127.0.0.1:$port" -cert "$1/server.pem" -cert_chain "$1/server.pem" \
		-key "$1/server.key" -CAfile trusted.pem -Verify 3 -verify_return_error -www -quiet \
		>"$T/server.log" 2>&1 &
	server=$!
	PIDS+=("$server")
	wait_for "s_server listening" listens "$port"
	curl -fsS --max-time 10 --noproxy '*' --cacert trusted.pem --cert "$2/client.pem" --key "$2/client.key" \
		"https://localhost:$port/" >"$T/client.log" 2>&1 || status=$?
	kill "$server"
	wait_gone "$server"
	return "$status"
}

# everybody_talks WHAT: the server's and the client's certificate, old or new.
everybody_talks() {
	local server client
	for server in . old; do
		for client in . old; do
			talk $server $client || fail "$1: $server and $client: $(cat "$T/client.log" "$T/server.log")"
		done
	done
}

cp ca.pem trusted.pem
everybody_talks "before"
type_recipe both-roots
everybody_talks "with both roots, and old certificates"
type_recipe sign-again
! cmp -s server.pem old/server.pem || fail "nothing was signed"
everybody_talks "with both roots, and new certificates"
type_recipe one-root
talk . . || fail "with one root: $(cat "$T/client.log" "$T/server.log")"
! talk old . || fail "an old server is still trusted"
! talk . old || fail "an old client is still trusted"
[ ! -e ca.key ] || fail "ca.key is still there"
verify_with_openssl server.pem root.pem server localhost || fail "OpenSSL: $(cat "$T/verdict")"
! verify_with_openssl client.pem root.pem server localhost || fail "the client's certificate passes for a server's"
