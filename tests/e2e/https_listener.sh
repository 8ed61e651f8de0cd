# shellcheck shell=bash
# https_listener.sh - a daemon with an HTTPS listener, and certificates for its clients.
#
# Sourced after lib.sh; leaves a stopped daemon whose token and configuration are in $T/dev.

. "$HERE/clients.sh"
start_daemon # for its token, PIN and configuration
stop_daemon
export SOFTHSM2_CONF=$T/dev/token/softhsm2.conf
port=$(free_port)

# start_with SETTINGS [RULES]: keyholdd --config with an HTTPS listener beside its socket.
start_with() {
	{
		sed '/^listen:/,$d' "$T/dev/keyhold.yaml"
		printf 'listen:\n  - unix: %s/dev/keyhold.sock\n' "$T"
		printf '  - { https: "127.0.0.1:%s", certificate: keyhold-server, %s }\n' "$port" "$1"
		printf 'state: %s/dev/state\n%s\n' "$T" "${2:-}"
	} >"$T/own.yaml"
	"$KEYHOLDD" --config "$T/own.yaml" >>"$T/keyholdd.log" 2>&1 &
	DAEMON_PID=$!
	PIDS+=("$DAEMON_PID")
	wait_for "keyholdd's answer" "$KEYHOLD" status
}

# ask STATUS METHOD PATH [CURL-ARGUMENT...]: 000 is no answer at all.
ask() {
	local want=$1 method=$2 path=$3 got
	shift 3
	got=$(curl -sS --max-time 10 --noproxy '*' -o "$T/body" -w '%{http_code}' -X "$method" "$@" \
		"https://localhost:$port$path" 2>"$T/curl.log") || true
	[ "$got" = "$want" ] || {
		cat "$T/curl.log" "$T/body" >&2
		fail "$got instead of $want: $method $path"
	}
}

# served_with: the serial that the listener shows.
served_with() {
	openssl s_client -connect "127.0.0.1:$port" -servername localhost </dev/null 2>/dev/null >"$T/served.pem"
	serial_of "$T/served.pem"
}
