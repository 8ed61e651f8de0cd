#!/usr/bin/env bash
# What clients see of each fault of a token, and how long it takes until signatures work again, as a
# table. No fault ends the daemon, takes a restart, tries a wrong PIN twice or lets a certificate out
# that does not verify.
. "$(dirname "$0")/lib.sh"

: "${FAULT:?the command, from ctest}" "${FAULTY_MODULE:?}"
export FAULTY_CONTROL=$T/faults
readonly recovery_ms=4000 # pauses of one that is away grow to 1,500
start_ms=2000
[ -z "$SANITIZER" ] || start_ms=4000

start_daemon # for its token, PIN and configuration
make_ca
"$KEYHOLD" ca certificate internal >"$T/internal.pem"
"$KEYHOLD" key create papers --use sign >/dev/null
"$KEYHOLD" key create rsa --use sign --type rsa-2048 >/dev/null
for key in papers rsa; do
	"$KEYHOLD" key public "$key" >"$T/$key.pub"
done
# libp11 0.4.12 forgets what it read of a slot whose token then fails.
[ "$SANITIZER" != address ] || echo "leak:libp11.so" >>"$T/lsan.supp"
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$T/own.key" -subj /CN=a.example \
	-addext subjectAltName=DNS:a.example -out "$T/a.csr" 2>/dev/null
echo "to be signed" >"$T/message"
stop_daemon
sed "s|^  module:.*|  module: $FAULTY_MODULE|" "$T/dev/keyhold.yaml" >"$T/faulty.yaml"
sed -i "s|^token:|&\n  reload_pause_ms: 50\n  hang_ms: 1000\n  verify_one_in: 1|" "$T/faulty.yaml"
echo "cage: { write: [$FAULTY_CONTROL] }" >>"$T/faulty.yaml"
export SOFTHSM2_CONF=$T/dev/token/softhsm2.conf

now_ms() {
	date +%s%3N
}

calls() {
	"$FAULT" calls "$1"
}

launch() {
	LOGINS=$(calls C_Login)
	"$KEYHOLDD" --config "$T/faulty.yaml" >>"$T/keyholdd.log" 2>&1 &
	DAEMON_PID=$!
	PIDS+=("$DAEMON_PID")
}
pin_was_tried_at_most_once() {
	[ "$(($(calls C_Login) - LOGINS))" -le 1 ] || fail "$1: the PIN was tried $(($(calls C_Login) - LOGINS)) times"
}
answers() {
	curl -sS --max-time 2 -o /dev/null --unix-socket "$KEYHOLD_SOCKET" http://localhost/healthz 2>/dev/null
}
start_faulty() {
	launch
	wait_for "keyholdd's answer" answers
}
stop_faulty() {
	! gone "$DAEMON_PID" || fail "$1: keyholdd died"
	stop_daemon
}

# request FILE METHOD PATH [CURL-ARGUMENT...]: prints the status, 000 after PATIENCE (10) seconds; the body goes to FILE.
request() {
	local file=$1 method=$2 path=$3
	shift 3
	curl -s --max-time "${PATIENCE:-10}" -o "$file" -w '%{http_code}' --unix-socket "$KEYHOLD_SOCKET" -X "$method" "$@" \
		"http://localhost$path" || true
}

# sign KEY [FILE]: status, or "wrong" for 200 and a signature that does not verify.
sign() {
	local scheme=ecdsa_secp256r1_sha256 options=() file=${2:-$T/signature} status
	if [ "$1" = rsa ]; then
		scheme=rsa_pss_rsae_sha256
		options=(-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest)
	fi
	status=$(request "$file" POST "/v1/keys/$1/sign?scheme=$scheme" \
		-H 'Content-Type: application/octet-stream' --data-binary "@$T/message")
	if [ "$status" = 200 ] && ! openssl dgst -sha256 -verify "$T/$1.pub" "${options[@]}" -signature "$file" \
		"$T/message" >/dev/null 2>&1; then
		status=wrong
	fi
	echo "$status"
}

sign_papers() {
	sign papers
}
sign_rsa() {
	sign rsa
}

# 24 that are in the token together, as "24x200".
sign_many() {
	local i each=()
	for i in {1..24}; do
		each+=(-o "$T/signature.$i" "http://localhost/v1/keys/papers/sign?scheme=ecdsa_secp256r1_sha256")
	done
	"$FAULT" set C_Sign delay=20
	curl -s -Z --no-progress-meter --parallel-immediate --parallel-max 24 --max-time 5 -w '%{http_code}\n' \
		--unix-socket "$KEYHOLD_SOCKET" -H 'Content-Type: application/octet-stream' \
		--data-binary "@$T/message" "${each[@]}" | sort | uniq -c |
		awk '{ printf "%s%sx%s", (NR > 1 ? " " : ""), $1, $2 } END { print "" }'
	"$FAULT" clear C_Sign
}

# A certificate that does not verify fails the story.
issue() {
	local status
	status=$(request "$T/issued.pem" POST /v1/issuers/internal/certificates?profile=server \
		-H 'Content-Type: application/pkcs10' --data-binary "@$T/a.csr")
	if [ "$status" = 201 ]; then
		openssl verify -x509_strict -CAfile "$T/root.pem" -untrusted "$T/internal.pem" "$T/issued.pem" \
			>/dev/null 2>&1 || status=wrong
	fi
	echo "$status"
}

good() {
	[[ $1 =~ ^((24x)?200|201)$ ]]
}

# recover COMMAND: how long until it works again, in "0.1 s", from now on.
recover() {
	local began status
	began=$(now_ms)
	while :; do
		status=$("$1")
		if good "$status"; then
			awk -v ms="$(($(now_ms) - began))" 'BEGIN { printf "%.1f s\n", ms / 1000 }'
			return
		fi
		[ "$(($(now_ms) - began))" -lt "$recovery_ms" ] || break
		sleep 0.05
	done
	echo "never"
}

# while_serving COMMAND FAULT...: the cell of a fault that comes when the daemon serves.
while_serving() {
	local command=$1 saw ready took
	shift
	"$FAULT" set "$@"
	[ "$1" != idle-ms ] || sleep 0.3 # longer than that
	saw=$(PATIENCE=2 "$command")
	[ "$command $saw" != "issue wrong" ] || fail "$*: a certificate that does not verify got out"
	other_keys_go_on "$*"
	ready=$(PATIENCE=2 request /dev/null GET /readyz)
	"$FAULT" clear
	! gone "$DAEMON_PID" || fail "$*: keyholdd died"
	took=$(recover "$command")
	CELL="$saw ready $ready, $took"
	[ "$took" != never ] || fail "$*: $command does not work again"
}

# What befalls one mechanism, or one call, befalls no other key.
other_keys_go_on() {
	case $1 in
	no-pss | no-raw-rsa | *" hang 1")
		[ "$(sign papers "$T/other")" = 200 ] || fail "$1: another key does not sign"
		;;
	esac
}

# at_start FAULT...: of a fault that is there before the daemon starts.
at_start() {
	"$FAULT" set "$@"
	launch
	see_start "$@"
}

# at_login FAULT...: of one of C_Login, or one that comes when the daemon is in C_Login.
at_login() {
	if [ "$1" = C_Login ]; then
		at_start "$@"
		return
	fi
	"$FAULT" set C_Login hang 1
	launch
	wait_for "the login" hangs
	"$FAULT" set "$@"
	"$FAULT" clear C_Login
	see_start "$@"
}
hangs() {
	[ "$("$FAULT" hanging)" -gt 0 ]
}

# Whether it serves within a few seconds; not when it has ended.
serves_soon() {
	local began
	began=$(now_ms)
	while [ "$(($(now_ms) - began))" -lt "$start_ms" ]; do
		! gone "$DAEMON_PID" || return 1
		! answers || return 0
		sleep 0.05
	done
	return 1
}

# Whether it serves, ends or does neither; and with the fault gone again.
see_start() {
	local status=0
	CELL=""
	if serves_soon; then
		CELL="serves: $(PATIENCE=2 "$SIGN") ready $(PATIENCE=2 request /dev/null GET /readyz), "
	elif ! gone "$DAEMON_PID"; then
		CELL="waits, then "
	fi
	"$FAULT" clear
	if serves_soon; then
		CELL+=$(recover "$SIGN")
	elif gone "$DAEMON_PID"; then
		wait "$DAEMON_PID" || status=$?
		[[ $status == [3-8] ]] || fail "$*: keyholdd ended with $status"
		CELL+="exit $status"
		pin_was_tried_at_most_once "$*"
	else
		fail "$*: keyholdd neither serves nor ends"
	fi
	[[ $CELL != *never ]] || fail "$*: $SIGN does not work again"
	[[ $CELL != *"exit "* ]] || start_faulty
	good "$("$SIGN")" || fail "$*: no signature after a start without it"
	stop_faulty "$*"
}


line() {
	printf '%-38s| %-32s| %-32s| %-34s| %s\n' "$@"
}

# row NAME SIGN ISSUE LOGIN START: the faults of the four columns; "-" for none in the last two.
row() {
	local name=$1 cells=() fault
	shift
	SIGN=sign_papers
	case $name in
	*PSS* | *RSA*) SIGN=sign_rsa ;;
	*session*) SIGN=sign_many ;;
	esac
	start_faulty
	good "$("$SIGN")" || fail "before $name: no signature"
	good "$(issue)" || fail "before $name: no certificate"
	for command in "$SIGN" issue; do
		fault=$1 && shift
		# shellcheck disable=SC2086 # its words
		while_serving "$command" $fault
		cells+=("$CELL")
	done
	stop_faulty "$name"
	for command in at_login at_start; do
		fault=$1 && shift
		CELL=-
		# shellcheck disable=SC2086
		[ "$fault" = - ] || "$command" $fault
		cells+=("$CELL")
	done
	line "$name" "${cells[@]}"
}

# A return value, for good and for once.
returns() {
	row "$1" "C_Sign $1" "C_Sign $1" "C_Login $1" -
}
returns_once() {
	row "$1 once" "C_Sign $1 1" "C_Sign $1 1" - -
}
trouble() {
	row "$1" "$2" "$2" "$2" "$2"
}

say "the command says what it does not understand"
for wrong in "" "set" "set C_Sing CKR_OK" "set C_Sign CKR_NONE" "set no-pss some" "clear all" "calls"; do
	# shellcheck disable=SC2086
	expect_status 2 "$FAULT" $wrong
done

say "status of the request and of /readyz while the fault is there, and time to recover when it has gone"
line fault "during sign" "during issue" "at login" "at start"
for rv in DEVICE_ERROR DEVICE_REMOVED TOKEN_NOT_PRESENT GENERAL_ERROR CRYPTOKI_NOT_INITIALIZED HOST_MEMORY \
	SESSION_COUNT SESSION_HANDLE_INVALID OPERATION_ACTIVE USER_NOT_LOGGED_IN KEY_HANDLE_INVALID PIN_INCORRECT \
	PIN_LOCKED MECHANISM_INVALID; do
	returns "CKR_$rv"
done
for rv in DEVICE_ERROR SESSION_HANDLE_INVALID OPERATION_ACTIVE USER_NOT_LOGGED_IN KEY_HANDLE_INVALID; do
	returns_once "CKR_$rv"
done
for name in any C_Initialize C_GetSlotList C_GetTokenInfo C_OpenSession C_FindObjectsInit C_GetAttributeValue; do
	trouble "$name: CKR_DEVICE_ERROR" "$name CKR_DEVICE_ERROR"
done
trouble "C_OpenSession: CKR_DEVICE_ERROR once" "C_OpenSession CKR_DEVICE_ERROR 1"
row "300 ms more a call" "C_Sign delay=300" "C_Sign delay=300" "C_Login delay=300" "any delay=100"
row "one call hangs" "C_Sign hang 1" "C_Sign hang 1" "C_Login hang 1" "any hang 1"
row "all calls hang" "C_Sign hang" "C_Sign hang" "C_Login hang" "any hang"
trouble "16 sessions" "max-sessions 16"
trouble "1 session" "max-sessions 1"
trouble "idle: ends after 100 ms" "idle-ms 100"
trouble "a reset" reset
trouble "the login ends" logout
trouble "another slot number" "slot-offset 1"
trouble "no slot" no-slot
trouble "no token in the slot" no-token
trouble "no CKM_RSA_X_509" no-raw-rsa
trouble "no PSS" no-pss
trouble "CKA_ALWAYS_AUTHENTICATE" always-authenticate
trouble "CKF_USER_PIN_FINAL_TRY" pin-final-try
trouble "CKF_USER_PIN_LOCKED" pin-locked
trouble "wrong signatures" wrong-signatures

say "a wrong PIN: ten starts do not lock a token that locks after three"
pin=$(sed -n 's/^  pin_file: *//p' "$T/faulty.yaml" | tr -d '"')
cp "$pin" "$T/right-pin"
echo 00000000 >"$pin"
"$FAULT" set pin-tries 3
before=$(calls C_Login)
for _ in {1..10}; do
	expect_status 6 "$KEYHOLDD" --config "$T/faulty.yaml"
done
[ "$(($(calls C_Login) - before))" = 2 ] || fail "the PIN was tried $(($(calls C_Login) - before)) times"
"$FAULT" clear
cat "$T/right-pin" >"$pin"

say "a wrong PIN while it serves: one try, and a right one needs no restart"
start_faulty
echo 00000000 >"$pin"
before=$(calls C_Login)
"$FAULT" set logout
[ "$(sign_papers)" = 503 ] || fail "it signs without a login"
sleep 0.5
[ "$(sign_papers)" = 503 ] || fail "it signs without a login"
[ "$(($(calls C_Login) - before))" = 1 ] || fail "the PIN was tried $(($(calls C_Login) - before)) times"
grep -q 'event=token.away why=.*refused' "$T/keyholdd.log" || fail "the log does not say why"
cat "$T/right-pin" >"$pin"
signs() {
	[ "$(sign_papers)" = 200 ]
}
wait_for "a signature" signs
stop_faulty pin

say "a call that never returns: the watchdog ends the daemon, for the service manager to start it anew"
sed "s|^token:|&\n  watchdog_s: $([ -z "$SANITIZER" ] && echo 2 || echo 8)|" "$T/faulty.yaml" >"$T/watched.yaml"
"$KEYHOLDD" --config "$T/watched.yaml" >>"$T/keyholdd.log" 2>&1 &
DAEMON_PID=$!
PIDS+=("$DAEMON_PID")
wait_for "a signature" signs
"$FAULT" set C_Sign hang
PATIENCE=2 sign_papers >/dev/null # which nobody answers any more
status=0
wait "$DAEMON_PID" || status=$?
[ "$status" -eq 5 ] || fail "keyholdd ended with $status"
expect_text "event=token.given-up" "$T/keyholdd.log"
"$FAULT" clear
