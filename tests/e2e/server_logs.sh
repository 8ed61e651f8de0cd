#!/usr/bin/env bash
# What each server's log says when keyholdd is away, and when keyhold.so is not loaded, is what docs/proxies.md says.
. "$(dirname "$0")/lib.sh"

start_daemon
need_provider
make_ca
"$KEYHOLD" cert issue web --ca internal --san localhost --out "$T/tls" >/dev/null
start_backend
stop_daemon

# HAProxy with the page's line, and a log that the story can read.
HAPROXY_GLOBAL="log stdout format raw daemon"
recipe_text() {
	page_recipe "$1"
	if [ "$1" = haproxy ]; then
		echo "	log global"
		page_recipe haproxy-log
	fi
}

# what each says of a daemon that is away
declare -A away=(
	[nginx]="cannot reach keyholdd at"
	[haproxy]="keyholdd cannot be reached"
	[stunnel]="keyholdd cannot be reached"
	[httpd]="cannot reach keyholdd at"
	[postgresql]="keyholdd cannot be reached"
)
for server in "${!away[@]}"; do
	port=$(free_port)
	start_server "$server" "$port" "$T/tls/web.crt" "$T/tls/web.key"
	starttls=()
	[ "$server" != postgresql ] || starttls=(-starttls postgres)
	! timeout 10 openssl s_client -connect "127.0.0.1:$port" "${starttls[@]}" </dev/null >/dev/null 2>&1 ||
		fail "$server: a handshake without the daemon"
	wait_for_text "${away[$server]}" "$T/$server.log"
	say "$server: $(grep -F "${away[$server]}" "$T/$server.log" | tail -1)"
	stop_server
done

# what each says of a reference that it cannot read; the page has these words
declare -A unread=(
	[nginx]="No supported data to decode"
	[haproxy]="No Private Key found"
	[stunnel]="unsupported"
	[httpd]="AH02579: Init: Private key not found"
	[postgresql]="could not load private key file"
)
launch() {
	local name=$1
	shift 2
	! env -u OPENSSL_CONF timeout 10 "$@" >"$T/$name.log" 2>&1 || fail "$name started without keyhold.so"
	exit 0
}
check_nginx() {
	true
}
for server in "${!unread[@]}"; do
	# In a process of its own: a server that does not start ends it.
	(start_server "$server" "$(free_port)" "$T/tls/web.crt" "$T/tls/web.key")
	expect_text "${unread[$server]}" "$T/$server.log"
	expect_text "${unread[$server]}" "$PROXIES_MD"
	say "$server without keyhold.so: ${unread[$server]}"
done
