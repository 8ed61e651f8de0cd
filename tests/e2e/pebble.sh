#!/usr/bin/env bash
# An ACME server and the names that it looks up, for stories that source this after lib.sh. It speaks HTTPS on $api and
# $management, and looks for http-01 at $http and for tls-alpn-01 at $tls; its certificate is pebble.pem.
for program in pebble pebble-challtestsrv; do
	type -P "$program" >/dev/null || skip "$program is missing; install pebble"
done
api=$(free_port) management=$(free_port) http=$(free_port) tls=$(free_port) dns=$(free_port) names=$(free_port)

# start_pebble MEMBERS [VARIABLE]...: more of its configuration, and of its environment. Strict, in the current directory.
start_pebble() {
	local members=$1
	shift
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout pebble.key -out pebble.pem -days 10 \
		-subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 2>/dev/null
	cat >pebble.json <<END
{ "pebble": { "listenAddress": "127.0.0.1:$api", "managementListenAddress": "127.0.0.1:$management",
  "certificate": "pebble.pem", "privateKey": "pebble.key", "httpPort": $http, "tlsPort": $tls$members } }
END
	pebble-challtestsrv -http01 "" -https01 "" -tlsalpn01 "" -dns01 "127.0.0.1:$dns" -management "127.0.0.1:$names" \
		-defaultIPv6 "" >names.log 2>&1 &
	PIDS+=("$!")
	env PEBBLE_VA_NOSLEEP=1 "$@" pebble -strict -config pebble.json -dnsserver "127.0.0.1:$dns" >pebble.log 2>&1 &
	PIDS+=("$!")
	wait_for "pebble's answer" curl -sf --cacert pebble.pem "https://localhost:$api/dir"
	wait_for "pebble's management" curl -sf --cacert pebble.pem "https://localhost:$management/roots/0"
}
