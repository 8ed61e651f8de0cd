#!/usr/bin/env bash
# Devices enrol and re-enrol over EST, through nginx whose own key is in the token.
. "$(dirname "$0")/lib.sh"

EST_MD=$HERE/../../docs/est.md

start_daemon
need_provider
make_ca
"$KEYHOLD" cert issue web --ca internal --san localhost --out "$T/tls" >/dev/null

# For root there is somebody else to be: the workers, by the page's rule.
if [ "$(id -u)" -eq 0 ]; then
	stop_daemon
	export SOFTHSM2_CONF=$T/dev/token/softhsm2.conf
	{
		sed "s|^    mode:.*|    mode: \"0666\"|; /^    group:/d" "$T/dev/keyhold.yaml"
		PROXIES_MD=$EST_MD page_recipe access | sed "s|www-data|$WORKER_USER|"
	} >"$T/own.yaml"
	chmod 755 "$T/dev"
	"$KEYHOLDD" --config "$T/own.yaml" >>"$T/keyholdd.log" 2>&1 &
	DAEMON_PID=$!
	PIDS+=("$DAEMON_PID")
	wait_for "keyholdd's answer" "$KEYHOLD" status
fi

mkdir -p "$T/est"
printf 'router7:%s\n' "$(openssl passwd -6 secret)" >"$T/est/users"
cp "$T/root.pem" "$T/est/root.pem"
port=$(free_port)
# pki takes the first address of localhost alone, which may be ::1.
listen6=
if grep -q '^0\{31\}1 ' /proc/net/if_inet6 2>/dev/null; then
	listen6="listen [::1]:$port ssl;"
fi
# shellcheck disable=SC2317 # recipe calls it
recipe_text() {
	PROXIES_MD=$EST_MD page_recipe "$1" | sed -e "s|/etc/keyhold/est/|$T/est/|g" \
		-e "s|/run/keyhold/keyhold.sock|$KEYHOLD_SOCKET|g" \
		-e "s|listen 127.0.0.1:443 ssl;|& $listen6|"
}
RECIPE=nginx-est start_nginx "$port" "$T/tls/web.crt" "$T/tls/web.key"

# commands RECIPE: the page's, in the present directory, with this port.
commands() {
	PROXIES_MD=$EST_MD page_recipe "$1" | sed "s/localhost:443\b/localhost:$port/g"
}

verify() {
	openssl verify -x509_strict -CAfile "$T/root.pem" -untrusted "$T/internal.pem" \
		-verify_hostname router7.example.org "$1" >/dev/null || fail "$1 does not verify"
}
"$KEYHOLD" ca certificate internal >"$T/internal.pem"

EST=https://localhost:$port/.well-known/est

# fetch STATUS PATH [CURL-ARGUMENT...]: the body in $T/body.
fetch() {
	local want=$1 path=$2 got
	shift 2
	got=$(curl -sS --max-time 20 --cacert "$T/root.pem" -o "$T/body" -w '%{http_code}' "$@" "$EST/$path")
	[ "$got" = "$want" ] || {
		cat "$T/body" >&2
		fail "$got instead of $want: $path"
	}
}

say "curl enrols, with the page's commands"
mkdir "$T/curl" && cp "$T/root.pem" "$T/curl"
(cd "$T/curl" && set -euo pipefail && eval "$(commands curl)") 2>"$T/curl.log"
[ "$(grep -c 'BEGIN CERTIFICATE' "$T/curl/ca.pem")" -eq 2 ] || fail "cacerts: not the issuer and the root"
verify "$T/curl/device.crt"

say "who has no password gets the CA's certificates and nothing else"
fetch 200 cacerts
fetch 200 internal/csrattrs
base64 -d <"$T/body" | openssl asn1parse -inform DER >"$T/out"
expect_text prime256v1 "$T/out"
openssl base64 -in "$T/curl/device.der" >"$T/device.b64"
SEND=(-H "Content-Type: application/pkcs10" --data-binary "@$T/device.b64")
fetch 401 internal/simpleenroll "${SEND[@]}"
fetch 401 simplereenroll "${SEND[@]}"
fetch 403 cacerts "${SEND[@]}"
fetch 404 ../../v1/keys --path-as-is

say "a device with a password enrols from the issuers of nginx's rule"
DEVICE=(--user router7:secret "${SEND[@]}")
fetch 200 simpleenroll "${DEVICE[@]}"
fetch 200 internal~server/simplereenroll "${DEVICE[@]}"
fetch 422 internal~peer/simplereenroll "${DEVICE[@]}"
expect_text renewal-names "$T/body"
if [ "$(id -u)" -eq 0 ]; then
	fetch 403 root~server/simpleenroll "${DEVICE[@]}"
	expect_text "unix:$WORKER_USER may not issue from root" "$T/body"
fi
fetch 415 simpleenroll --user router7:secret -H "Content-Type: text/plain" -d x

command -v pki >/dev/null || skip "no strongSwan pki; curl's part passed"
say "strongSwan enrols and re-enrols, with the page's commands"
mkdir "$T/swan" && cp "$T/root.pem" "$T/swan"
(cd "$T/swan" && set -euo pipefail && eval "$(commands strongswan)") >"$T/swan.log" 2>&1
verify "$T/swan/device.crt"
verify "$T/swan/renewed.crt"
! cmp -s "$T/swan/device.crt" "$T/swan/renewed.crt" || fail "the same certificate again"
serial=$(openssl x509 -in "$T/swan/renewed.crt" -noout -serial)
"$KEYHOLD" cert show "${serial#serial=}" >"$T/out"
expect_text "dns:router7.example.org" "$T/out"
