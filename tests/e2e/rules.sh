# shellcheck shell=bash
# rules.sh - keyholdd with access rules, and other users to ask it; sourced by the stories about them.

[ "$(id -u)" -eq 0 ] || skip "not root: another user cannot be played"

# Arrays and not functions, so that in the background $! is the program itself. Ids of
# nobody's, small enough for a container.
# shellcheck disable=SC2034 # the stories use them
AS_WORKER=(setpriv --reuid "$WORKER_USER" --regid "$WORKER_GROUP" --clear-groups)
# shellcheck disable=SC2034
AS_READER=(setpriv --reuid 60044 --regid 60044 --groups "60001,60200")
AS_OWN=(setpriv --reuid 60055 --regid 60055 --clear-groups)

hash_of() {
	"$KEYHOLD" --json key show "$1" | grep -oE '[0-9a-f]{64}' | head -n 1
}

# give_away: what start_daemon made and stop_daemon left becomes the user's of AS_OWN.
give_away() {
	if "${AS_OWN[@]}" test -x "$KEYHOLDD" -a -r "$HERE/../support/lsan.supp"; then
		chown -R 60055:60055 "$T/dev"
	else
		say "other users cannot reach the build: keyholdd runs as root"
		AS_OWN=(env)
	fi
	chmod 755 "$T/dev"
	export SOFTHSM2_CONF=$T/dev/token/softhsm2.conf
}

# write_config RULES: $T/own.yaml, with a socket for everybody, and the listener in LISTEN_TOO.
LISTEN_TOO=
write_config() {
	sed "s|^    mode:.*|    mode: \"0666\"|; /^    group:/d; s|^listen:|&${LISTEN_TOO:+\n  - $LISTEN_TOO}|" \
		"$T/dev/keyhold.yaml" >"$T/own.yaml"
	printf '%s\n' "$1" >>"$T/own.yaml"
}

# start_with RULES: keyholdd --config
start_with() {
	write_config "$1"
	"${AS_OWN[@]}" "$KEYHOLDD" --config "$T/own.yaml" >>"$T/keyholdd.log" 2>&1 &
	DAEMON_PID=$!
	PIDS+=("$DAEMON_PID")
	wait_for "keyholdd's answer" "$KEYHOLD" status
}

# ask STATUS METHOD PATH [CURL-ARGUMENT...]: as the user of the array AS.
ask() {
	local want=$1 method=$2 path=$3 got
	shift 3
	"${AS[@]}" curl -sS --max-time 10 --unix-socket "$KEYHOLD_SOCKET" -w '\n%{http_code}' \
		-X "$method" "$@" "http://localhost$path" >"$T/out"
	got=$(tail -n 1 "$T/out")
	[ "$got" = "$want" ] || {
		cat "$T/out" >&2
		fail "$got instead of $want: $method $path"
	}
}

# A TLS 1.3 CertificateVerify: what a key of use tls signs.
MESSAGE="$(printf '%64s' '')TLS 1.3, server CertificateVerify"
{ printf '%s\0' "$MESSAGE" && head -c 32 /dev/zero; } >"$T/message"
sign() {
	ask "$1" POST "/v1/keys/$2/sign?scheme=ecdsa_secp256r1_sha256" \
		-H 'Content-Type: application/octet-stream' --data-binary @- <"$T/message"
}
