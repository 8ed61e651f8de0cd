# shellcheck shell=bash
# tokens.sh - throw-away tokens of several makes, for whoever sources this.
#
# token_make KIND DIR fills DIR, which is there, and exports what it takes to use the token:
# TOKEN_MODULE, TOKEN_LABEL, TOKEN_PIN, TOKEN_INIT_ARGS (may be empty), TOKEN_FAILS (types of keys that it says
# it makes, and fails to), TOKEN_WRITES (a directory of its module's), and the module's own variables. TOKEN_SERVERS are the processes behind it.
# 77: this machine lacks a package.
readonly TOKEN_KINDS="softhsm softhsm-reset p11-kit nss tpm2"
export TOKEN_LABEL=other TOKEN_PIN=123456 TOKEN_INIT_ARGS="" TOKEN_FAILS="" TOKEN_WRITES=""
TOKEN_SERVERS=()

# token_module FILE...: the first that is there, wherever the architecture has it.
token_module() {
	local place
	for place in /usr/lib/softhsm /usr/lib/*/softhsm /usr/lib/*/pkcs11 /usr/lib/*/nss /usr/lib/*; do
		if [ -e "$place/$1" ]; then
			export TOKEN_MODULE=$place/$1
			return 0
		fi
	done
	echo "SKIPPED: no $1" >&2
	return 77
}

token_program() {
	type -P "$1" >/dev/null && return 0
	echo "SKIPPED: no $1" >&2
	return 77
}

# token_serve COMMAND...: in the background.
token_serve() {
	"$@" &
	TOKEN_SERVERS+=($!)
}

# token_wait COMMAND...: until it succeeds, for ten seconds.
token_wait() {
	local i
	for ((i = 0; i < 200; i++)); do
		! "$@" 2>/dev/null || return 0
		sleep 0.05
	done
	echo "not within 10 seconds: $*" >&2
	return 1
}

token_end() {
	local i
	for ((i = ${#TOKEN_SERVERS[@]} - 1; i >= 0; i--)); do
		kill "${TOKEN_SERVERS[i]}"
	done
}

token_make_softhsm() {
	token_module libsofthsm2.so || return
	mkdir "$1/store"
	printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\nlibrary.reset_on_fork = %s\n' \
		"$1/store" "$2" >"$1/softhsm2.conf"
	export SOFTHSM2_CONF=$1/softhsm2.conf
	softhsm2-util --init-token --free --label "$TOKEN_LABEL" --pin "$TOKEN_PIN" --so-pin 87654321 >/dev/null
}

token_make_p11_kit() {
	local provider
	token_program p11-kit && token_make_softhsm "$1" false || return
	provider=$TOKEN_MODULE
	token_module p11-kit-client.so || return
	token_serve p11-kit server -f -n "$1/socket" --provider "$provider" "pkcs11:"
	token_wait test -S "$1/socket" || return
	export P11_KIT_SERVER_ADDRESS=unix:path=$1/socket
}

token_make_nss() {
	token_program certutil && token_module libsoftokn3.so || return
	mkdir "$1/nss"
	printf '%s' "$TOKEN_PIN" >"$1/nss.pin"
	certutil -N -d "sql:$1/nss" -f "$1/nss.pin"
	TOKEN_LABEL="NSS Certificate DB"
	TOKEN_WRITES=$1/nss
	TOKEN_INIT_ARGS="configdir='sql:$1/nss' certPrefix='' keyPrefix='' secmod='secmod.db' flags="
}

# tpm2-pkcs11 leaves objects and sessions in the TPM, of which it holds three: a resource manager swaps them.
token_make_tpm2() {
	token_program swtpm && token_program tpm2-abrmd && token_program dbus-daemon && token_program pkcs11-tool &&
		token_module libtpm2_pkcs11.so || return
	mkdir "$1/tpm" "$1/tpm2"
	token_serve swtpm socket --tpm2 --tpmstate "dir=$1/tpm" --flags not-need-init,startup-clear \
		--ctrl "type=unixio,path=$1/tpm/socket.ctrl" --server "type=unixio,path=$1/tpm/socket"
	export DBUS_SESSION_BUS_ADDRESS=unix:path=$1/bus
	token_serve dbus-daemon --session --address="$DBUS_SESSION_BUS_ADDRESS" --nofork --nopidfile
	token_wait test -S "$1/tpm/socket" -a -S "$1/bus" || return
	token_serve tpm2-abrmd --session --allow-root --tcti="swtpm:path=$1/tpm/socket"
	export TPM2_PKCS11_TCTI=tabrmd:bus_type=session TPM2_PKCS11_STORE=$1/tpm2
	TOKEN_FAILS="ec-p521"
	TOKEN_WRITES=$1/tpm2
	token_wait pkcs11-tool --module "$TOKEN_MODULE" --slot 1 --init-token --label "$TOKEN_LABEL" --so-pin 87654321 &&
		pkcs11-tool --module "$TOKEN_MODULE" --slot 1 --login --login-type so --so-pin 87654321 \
			--init-pin --new-pin "$TOKEN_PIN"
}

token_make() {
	case $1 in
	softhsm) token_make_softhsm "$2" false ;;
	softhsm-reset) token_make_softhsm "$2" true ;;
	p11-kit) token_make_p11_kit "$2" ;;
	nss) token_make_nss "$2" ;;
	tpm2) token_make_tpm2 "$2" ;;
	*) echo "tokens.sh: no token of kind $1, only $TOKEN_KINDS" >&2 && return 2 ;;
	esac
}
