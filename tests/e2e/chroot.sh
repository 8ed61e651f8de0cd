#!/usr/bin/env bash
# HAProxy and stunnel, chrooted and unprivileged as Debian runs them, sign through a socket
# inside the chroot or an abstract one, and through no other.
. "$(dirname "$0")/lib.sh"

[ "$(id -u)" -eq 0 ] || skip "not root: nothing can be chrooted"
start_backend

start_daemon
make_ca
"$KEYHOLD" cert issue web --ca internal --san localhost --out "$T/tls" >/dev/null
stop_daemon

# serve LISTENERS: keyholdd with these (a recipe's) and a rule for the workers.
serve() {
	{
		sed '/^listen:/,/^state:/{/^state:/!d}' "$T/dev/keyhold.yaml"
		sed -e "s|unix: /run/|unix: $T/run/|; s|/var/lib/haproxy/run|$T/jail$T/run|" \
			-e "s|group: [a-z]*|group: $WORKER_GROUP|; s|\"@keyhold\"|\"@keyhold-$$\"|" <<<"$1"
		page_recipe access | sed "s|unix:www-data|unix:$WORKER_USER|"
	} >"$T/keyhold.yaml"
	SOFTHSM2_CONF=$T/dev/token/softhsm2.conf "$KEYHOLDD" --config "$T/keyhold.yaml" >>"$T/keyholdd.log" 2>&1 &
	DAEMON_PID=$!
	PIDS+=("$DAEMON_PID")
	wait_for "keyholdd's answer" "$KEYHOLD" --socket "$2" status
	"$KEYHOLD" provider config --module "$PROVIDER" --socket "$2" >"$T/provider.cnf"
}

# try: both servers, started and asked in both versions; SERVED is how many answered.
try() {
	local server
	SERVED=0
	for server in haproxy stunnel; do
		port=$(free_port)
		HAPROXY_GLOBAL="chroot $T/jail" STUNNEL_CHROOT=$T/jail \
			start_server "$server" "$port" "$T/tls/web.crt" "$T/tls/web.key"
		for version in 1.2 1.3; do
			if handshake "$port" "$version" >/dev/null 2>"$T/curl.log"; then
				SERVED=$((SERVED + 1))
			fi
		done
		stop_server
	done
}

mkdir -p "$T/jail$T/run/keyhold" "$T/run/keyhold"
chmod -R a+rX "$T/jail" "$T/run"
# The path is the same inside, so one openssl.cnf does.
serve "$(page_recipe chroot)" "$T/run/keyhold/keyhold.sock"
try
[ "$SERVED" -eq 4 ] || fail "$SERVED of 4 handshakes through the socket in the chroot: $(cat "$T/curl.log")"
stop_daemon

serve "$(page_recipe abstract)" "@keyhold-$$"
try
[ "$SERVED" -eq 4 ] || fail "$SERVED of 4 handshakes through the abstract socket"
stop_daemon

say "with a socket outside alone, none"
serve "$(page_recipe chroot | sed '/haproxy/d')" "$T/run/keyhold/keyhold.sock"
try
[ "$SERVED" -eq 0 ] || fail "$SERVED handshakes through a socket that is not in the chroot: the test proves nothing"
