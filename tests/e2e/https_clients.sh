#!/usr/bin/env bash
# Who is let in over HTTPS: by which certificate, and for how long.
. "$(dirname "$0")/lib.sh"
. "$HERE/https_listener.sh"

start_with "client_auth: none"
make_ca
"$KEYHOLD" cert issue keyhold-server --ca internal --san localhost --out "$T/tls" >/dev/null
stop_daemon

say "a client that must show a certificate"
start_with "client_auth: required, client_ca: $T/root.pem"
certificate_of ci client
ask 000 GET /healthz --cacert "$T/root.pem"
wait_for_text 'https.refused listener=127.0.0.1:'"$port"' actor=nobody:127.0.0.1 why="no certificate"' "$T/keyholdd.log"
"$KEYHOLD" audit tail -n 50 >"$T/record"
grep -q 'request.refused.*method=TLS why=no certificate' "$T/record" || fail "the record has no refusal: $(cat "$T/record")"
as ci
ask 200 GET /healthz "${CLIENT[@]}"
ask 403 GET /v1/keys "${CLIENT[@]}"
wait_for_text "actor=cert:dns:ci.example method=GET" "$T/keyholdd.log"
for version in 1.2 1.3; do
	ask 200 GET /healthz "${CLIENT[@]}" "--tlsv$version" --tls-max "$version"
done
# The two-way form of Milvus's page.
curl --noproxy '*' --cert "$T/ci.crt" --key "$T/ci.key" --cacert "$T/root.pem" \
	"https://localhost:$port/v1/issuers/internal/certificate" >"$T/out" 2>"$T/curl.log"
expect_text "BEGIN CERTIFICATE" "$T/out"

# connect_from ADDRESS VERSION: $CLIENT asks, and its end of the connection goes to $T/out.
connect_from() {
	printf 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n' |
		timeout 10 openssl s_client -connect "127.0.0.1:$port" -bind "$1:0" -ign_eof "-tls${2/./_}" \
			-cert "${CLIENT[1]}" -cert_chain "${CLIENT[1]}" -key "${CLIENT[3]}" >"$T/out" 2>&1 || true
}

# refused ALERT WHY: by both versions of TLS, with a reason for the client and one in the log.
# From an address that has not been refused yet.
FROM=20
refused() {
	local version
	FROM=$((FROM + 1))
	for version in 1.2 1.3; do
		ask 000 GET /healthz "${CLIENT[@]}" "--tlsv$version" --tls-max "$version" -4 --interface "127.0.0.$FROM"
		connect_from "127.0.0.$FROM" "$version"
		expect_text "alert $1" "$T/out"
	done
	wait_for_text "$2" "$T/keyholdd.log"
}

say "and not any certificate"
certificate_of late client 1
certificate_of server server
certificate_of gone client
"$KEYHOLD" cert revoke "$(serial_of "$T/gone.crt")" --reason superseded >/dev/null
sleep 1.5
as late
refused "certificate expired" 'why="certificate has expired"'
as gone
refused "certificate revoked" "why=\"certificate $(serial_of "$T/gone.crt") was revoked\""
as server
refused "bad certificate" 'why="unsuitable certificate purpose"'
foreign_certificate_of other
as other
refused "unknown ca" 'why="unable to get local issuer certificate"'

say "after ten bad ones an address waits, and the token signs nothing for it; another does not"
for ((i = 0; i < 10; i++)); do
	ask 000 GET /healthz "${CLIENT[@]}" -4 --interface 127.0.0.9
done
wait_for_text 'authentication.stopped listener=127.0.0.1:'"$port"' actor=nobody:127.0.0.9' "$T/keyholdd.log"
as ci
for version in 1.2 1.3; do
	connect_from 127.0.0.9 "$version"
	expect_text "alert access denied" "$T/out"
	expect_text "no peer certificate available" "$T/out"
done
ask 200 GET /healthz "${CLIENT[@]}" -4 --interface 127.0.0.10
[ "$(grep -c 'authentication.stopped' "$T/keyholdd.log")" -eq 1 ] || fail "not said once in the log"

say "what was good when the connection began need not be so later"
python3 "$HERE/kept_connection.py" "$port" "$T/root.pem" "$T/ci.crt" "$T/ci.key" true >"$T/out"
[ "$(grep -c '^200' "$T/out")" -eq 2 ] || fail "a connection that is kept: $(cat "$T/out")"
certificate_of leaving client
python3 "$HERE/kept_connection.py" "$port" "$T/root.pem" "$T/leaving.crt" "$T/leaving.key" \
	"$KEYHOLD" cert revoke "$(serial_of "$T/leaving.crt")" --reason key_compromise >"$T/out"
grep -q '^200' "$T/out" || fail "it was not good"
grep -q '^403 close.*was revoked' "$T/out" || fail "revoked, and still there: $(cat "$T/out")"
certificate_of passing client 4
python3 "$HERE/kept_connection.py" "$port" "$T/root.pem" "$T/passing.crt" "$T/passing.key" sleep 5 >"$T/out"
grep -q '^200' "$T/out" || fail "it was not good"
grep -q '^403 close.*expired' "$T/out" || fail "expired, and still there: $(cat "$T/out")"
stop_daemon

say "a client that may show one, and this authority's intermediate as the only anchor"
sed '1,/END CERTIFICATE/d' "$T/ci.crt" >"$T/internal.pem" # what comes after its own
start_with "client_auth: optional, client_ca: $T/internal.pem"
# The one-way form.
curl --noproxy '*' --cacert "$T/root.pem" \
	"https://localhost:$port/v1/issuers/internal/certificate" >"$T/out" 2>"$T/curl.log"
expect_text "BEGIN CERTIFICATE" "$T/out"
as ci
ask 200 GET /healthz "${CLIENT[@]}"
as gone
refused "certificate revoked" "was revoked"
ask 401 GET /v1/keys --cacert "$T/root.pem"
stop_daemon

say "what is wrong with client_ca is told with its line"
{ cat "$T/internal.pem" && sed -n '1,/END CERTIFICATE/p' "$T/ci.crt"; } >"$T/leaf-among.pem"
line=$(grep -n BEGIN "$T/leaf-among.pem" | sed -n 2p | cut -d: -f1)
sed "s|client_ca: .* }|client_ca: $T/leaf-among.pem }|" "$T/own.yaml" >"$T/bad.yaml"
expect_status 8 "$KEYHOLDD" --config "$T/bad.yaml" --check
expect_text "leaf-among.pem:$line: not the certificate of an authority" "$T/out"
sed 's/^[A-Za-z0-9]\{20\}/!&/' "$T/internal.pem" >"$T/leaf-among.pem"
expect_status 8 "$KEYHOLDD" --config "$T/bad.yaml" --check
expect_text "leaf-among.pem:1: a certificate that cannot be read" "$T/out"
: >"$T/leaf-among.pem"
expect_status 8 "$KEYHOLDD" --config "$T/bad.yaml" --check
expect_text "leaf-among.pem: no certificate in PEM" "$T/out"
cp "$T/internal.pem" "$T/leaf-among.pem"
"$KEYHOLDD" --config "$T/bad.yaml" --check >"$T/out"
chmod o+w "$T/leaf-among.pem"
expect_status 8 "$KEYHOLDD" --config "$T/bad.yaml" --check
expect_text "leaf-among.pem: mode 646 lets others write it" "$T/out"
