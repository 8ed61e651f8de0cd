#!/usr/bin/env bash
# nginx serves TLS 1.2 and 1.3 with keys that its workers can neither read nor reach.
. "$(dirname "$0")/lib.sh"

start_daemon
need_provider
make_ca

for type in ec-p256 ec-p384 rsa-2048 rsa-pss-2048 ed25519; do
	"$KEYHOLD" cert issue "web-$type" --type "$type" --ca internal --san localhost \
		--out "$T/tls" >/dev/null
	port=$(free_port)
	start_nginx "$port" "$T/tls/web-$type.crt" "$T/tls/web-$type.key"
	for version in 1.2 1.3; do
		[ "$(handshake "$port" "$version")" = served ] || fail "$type over TLS $version"
		# What curl does not show: the scheme, from the other side's report.
		scheme=$(openssl s_client -connect "127.0.0.1:$port" -servername localhost \
			-CAfile "$T/root.pem" -verify_return_error -tls"${version/./_}" </dev/null 2>&1 |
			grep -E '^(Peer signature type|Peer signing digest|Verification)' | paste -sd' ')
		case $scheme in
		*"Verification: OK"*) say "$type TLS $version: $scheme" ;;
		*) fail "$type TLS $version: $scheme" ;;
		esac
	done
	if [ "$(id -u)" -eq 0 ]; then
		for pid in $(nginx_workers); do
			[ "$(stat -c %U "/proc/$pid")" = "$WORKER_USER" ] || fail "worker $pid is root"
		done
	fi
	stop_nginx
done

if [ "$(id -u)" -eq 0 ]; then
	as_worker() {
		setpriv --reuid "$WORKER_USER" --regid "$WORKER_GROUP" --clear-groups "$@"
	}
	! as_worker cat "$T/dev/pin" 2>/dev/null || fail "the workers' user can read the PIN"
	! as_worker ls "$T/dev/token" 2>/dev/null || fail "the workers' user can see the token"
	! as_worker ls "$T/dev/state" 2>/dev/null || fail "the workers' user can see the state"
	say "user $WORKER_USER can read neither PIN, token nor state"
else
	say "not root, so nginx ran as this very user: what its workers can read was not checked"
fi
