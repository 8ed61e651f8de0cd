#!/usr/bin/env bash
# Who may do what: a row for each peer, a column for each operation, each cell asked for over a real socket.
. "$(dirname "$0")/lib.sh"
. "$HERE/rules.sh"
. "$HERE/clients.sh"

start_daemon
make_ca
for key in web other; do
	"$KEYHOLD" key create "$key" --use tls >/dev/null
done
"$KEYHOLD" managed add new-site --san a.svc.example --ca internal --out "$T/site" >/dev/null
# A certificate for a name that the rules about issuing allow, and one for another.
"$KEYHOLD" key csr web --san a.svc.example >"$T/inside.csr"
"$KEYHOLD" key csr web --san b.example >"$T/outside.csr"
# Clients of the HTTPS listener, all of the name that the rule is about.
"$KEYHOLD" cert issue keyhold-server --ca internal --san localhost --out "$T/tls" >/dev/null
for client in ci gone; do
	certificate_of "$client" client 86400 ci
done
certificate_of late client 1 ci
certificate_of unnamed client 86400 other
foreign_certificate_of foreign
"$KEYHOLD" cert revoke "$(serial_of "$T/gone.crt")" --reason superseded >/dev/null

# Bearer tokens, as curl takes them: a file, which every user of this story can read.
for name in uses expired revoked; do
	api POST /v1/tokens -d '{"name":"'"$name"'","expires_in_seconds":'"$([ "$name" = expired ] && echo 1 || echo 3600)"'}'
	[ "$STATUS" = 201 ] || fail "$STATUS for a token"
	echo "Authorization: Bearer $(grep -oE 'kh1\.[A-Za-z0-9._-]+' "$T/body")" >"$T/$name.header"
done
"$KEYHOLD" token revoke revoked >/dev/null
stop_daemon
give_away
port=$(free_port)
LISTEN_TOO="{ https: \"127.0.0.1:$port\", certificate: keyhold-server, client_auth: optional, client_ca: $T/root.pem }"

start_with "access:
  - { who: \"unix:$WORKER_USER\", may: [use], keys: [web] }
  - { who: \"unix:60061\", may: [issue], issuers: [internal], profiles: [server], names: [\"*.svc.example\"] }
  - { who: \"unix:60062\", may: [revoke], issuers: [internal] }
  - { who: \"unix:60063\", may: [manage], keys: [\"new-*\"] }
  - { who: \"unix:60064\", may: [manage] }
  - { who: \"unix:60065\", may: [read] }
  - { who: \"unix:group:60066\", may: [admin] }
  - { who: \"cert:dns:ci.example\", may: [use, issue], keys: [web], issuers: [internal], profiles: [server], names: [\"*.svc.example\"] }
  - { who: \"token:uses\", may: [use], keys: [web] }
  - { who: \"token:expired\", may: [admin] }
  - { who: \"token:revoked\", may: [admin] }"

# The peers. Each is a function that sends one request and prints the status of the answer, whose
# body it leaves in $T/body: PEER METHOD PATH CURL-ARGUMENT...
over_socket() {
	curl -sS --max-time 20 --unix-socket "$KEYHOLD_SOCKET" -o - -w '\n%{http_code}' \
		-X "$1" "${@:3}" "http://localhost$2"
}

# take COMMAND...: what it prints is a body and a line with the status.
take() {
	"$@" >"$T/answer"
	head -n -1 "$T/answer" >"$T/body"
	tail -n 1 "$T/answer"
}

# as_user UID GID METHOD PATH CURL-ARGUMENT...
as_user() {
	export -f over_socket
	take setpriv --reuid "$1" --regid "$2" --clear-groups bash -c 'over_socket "$@"' - "${@:3}"
}

# over_tls METHOD PATH CURL-ARGUMENT...: with the certificate in CLIENT; 000 is the end of the handshake.
# From another address each time: one that many bad certificates come from has to wait.
over_tls() {
	curl -sS --max-time 20 --noproxy '*' -o - -w '\n%{http_code}' --cacert "$T/root.pem" "${CLIENT[@]}" \
		-4 --interface "127.0.$((COUNT / 250)).$((COUNT % 250 + 2))" \
		-X "$1" "${@:3}" "https://localhost:$port$2" 2>/dev/null || true
}

# with_certificate NAME METHOD PATH CURL-ARGUMENT...
with_certificate() {
	as "$1"
	take over_tls "${@:2}"
}

root() { take over_socket "$@"; }
own_user() { if [ "${AS_OWN[0]}" = env ]; then root "$@"; else as_user 60055 60055 "$@"; fi; }
www_data() { as_user "$WORKER_USER" "$WORKER_GROUP" "$@"; }
issues() { as_user 60061 60061 "$@"; }
revokes() { as_user 60062 60062 "$@"; }
manages_some() { as_user 60063 60063 "$@"; }
manages() { as_user 60064 60064 "$@"; }
reads() { as_user 60065 60065 "$@"; }
in_admins() { as_user 60067 60066 "$@"; }
no_rule() { as_user 60068 60068 "$@"; }
certificate() { with_certificate ci "$@"; }
no_such_rule() { with_certificate unnamed "$@"; }
expired() { with_certificate late "$@"; }
revoked() { with_certificate gone "$@"; }
other_ca() { with_certificate foreign "$@"; }
nobody() {
	CLIENT=()
	take over_tls "$@"
}

# Another user each time: one who comes with many bad tokens has to wait.
with_token() { as_user $((61000 + COUNT)) 61000 "${@:2}" -H "@$T/$1.header"; }
token() { with_token uses "$@"; }
tls_token() { nobody "$@" -H "@$T/uses.header"; }
expired_token() { with_token expired "$@"; }
revoked_token() { with_token revoked "$@"; }

# The operations, asked for by the peer in $1. COUNT is another number each time.
COUNT=0
OPERATIONS=(health crl list_keys sign_web sign_other create_key rotate_other issue issue_outside issue_client
	revoke certificates set_profile rules define managed renew_managed)
OCTETS='Content-Type: application/octet-stream'
JSON='Content-Type: application/json'
CSR='Content-Type: application/pkcs10'
ISSUE=/v1/issuers/internal/certificates

health() { "$1" GET /healthz; }
crl() { "$1" GET /v1/issuers/internal/crl; }
list_keys() { "$1" GET /v1/keys; }
sign_with() { "$1" POST "/v1/keys/$2/sign?scheme=ecdsa_secp256r1_sha256" -H "$OCTETS" --data-binary "@$T/message"; }
sign_web() { sign_with "$1" web; }
sign_other() { sign_with "$1" other; }
create_key() { "$1" POST /v1/keys -H "$JSON" -d '{"name":"new-'"$COUNT"'","type":"ec-p256","use":"tls"}'; }
rotate_other() { "$1" POST /v1/keys/other/rotate -H "$JSON" -d '{}'; }
issue() { "$1" POST "$ISSUE?profile=server" -H "$CSR" --data-binary "@$T/inside.csr"; }
issue_outside() { "$1" POST "$ISSUE?profile=server" -H "$CSR" --data-binary "@$T/outside.csr"; }
issue_client() { "$1" POST "$ISSUE?profile=client" -H "$CSR" --data-binary "@$T/inside.csr"; }
revoke() {
	root POST "$ISSUE?profile=server" -H "$CSR" -H 'Accept: application/json' --data-binary "@$T/inside.csr" >/dev/null
	"$1" POST "/v1/certificates/$(grep -oP '"serial":\s*"\K[0-9a-f]+' "$T/body")/revocation" -H "$JSON" -d '{}'
}
certificates() { "$1" GET /v1/certificates; }
set_profile() {
	"$1" PUT "/v1/profiles/own-$COUNT" -H "$JSON" -d '{"dns_names":["**"],"ext_key_usage":["serverAuth"]}'
}
rules() { "$1" GET /v1/access; }
define() {
	"$1" POST /v1/managed -H "$JSON" \
		-d '{"name":"m-'"$COUNT"'","names":["a.svc.example"],"source":{"issuer":"internal"},"directory":"/tls"}'
}
managed() { "$1" GET /v1/managed/new-site; }
renew_managed() { "$1" POST /v1/managed/new-site/renew -H "$JSON" -d '{}'; }

# What each peer gets of each operation, in their order: + is any 2xx, - is 403, else the status itself.
# A further peer is a function above and a line here.
expected='
root          + + + + + + + + + + + + + + + + +
own_user      + + + + + + + + + + + + + + + + +
www_data      + + - + - - - - - - - - - - - - -
issues        + + - - - - - + - - - - - - - - -
revokes       + + - - - - - - - - + - - - - - -
manages_some  + + + - - + - - - - - - - - - + +
manages       + + + - - + + - - - - - + - - + +
reads         + + + - - - - - - - - + - - - + -
in_admins     + + + + + + + + + + + + + + + + +
no_rule       + + - - - - - - - - - - - - - - -
certificate   + + - + - - - + - - - - - - - - -
no_such_rule  + + - - - - - - - - - - - - - - -
expired       000 000 000 000 000 000 000 000 000 000 000 000 000 000 000 000 000
revoked       000 000 000 000 000 000 000 000 000 000 000 000 000 000 000 000 000
other_ca      000 000 000 000 000 000 000 000 000 000 000 000 000 000 000 000 000
nobody        + + 401 401 401 401 401 401 401 401 401 401 401 401 401 401 401
token         + + - + - - - - - - - - - - - - -
tls_token     + + - + - - - - - - - - - - - - -
expired_token 401 401 401 401 401 401 401 401 401 401 401 401 401 401 401 401 401
revoked_token 401 401 401 401 401 401 401 401 401 401 401 401 401 401 401 401 401
'

cell() {
	local status
	status=$("$2" "$1") || fail "$1 got no answer: $2"
	case $status in
	2??) echo + ;;
	403) echo - ;;
	*) echo "$status" ;;
	esac
}

wrong=0
printf '%-13s' ''
printf ' %s' "${OPERATIONS[@]}"
echo
while read -r peer cells; do
	[ -n "$peer" ] || continue
	read -ra want <<<"$cells"
	[ "${#want[@]}" -eq "${#OPERATIONS[@]}" ] || fail "$peer has ${#want[@]} cells"
	printf '%-13s' "$peer"
	for i in "${!OPERATIONS[@]}"; do
		COUNT=$((COUNT + 1))
		got=$(cell "$peer" "${OPERATIONS[i]}")
		printf ' %*s' "${#OPERATIONS[i]}" "$got"
		[ "$got" = "${want[i]}" ] || {
			wrong=$((wrong + 1))
			echo "$peer ${OPERATIONS[i]}: $got instead of ${want[i]}: $(head -c 300 "$T/body")" >&2
		}
	done
	echo
done <<<"$expected"
[ "$wrong" -eq 0 ] || fail "$wrong cells are not as expected"
