# shellcheck shell=bash
# tokens.sh - throw-away tokens of several makes, for whoever sources this.
#
# token_make KIND DIR fills DIR, which is there, and exports what it takes to use the token:
# TOKEN_MODULE, TOKEN_LABEL, TOKEN_PIN, TOKEN_INIT_ARGS (may be empty), and the module's own variables.
# TOKEN_SERVER is the process behind it, if there is one. 77: this machine lacks a package.
readonly TOKEN_KINDS="softhsm softhsm-reset p11-kit nss tpm2"
export TOKEN_LABEL=other TOKEN_PIN=123456 TOKEN_INIT_ARGS=""
TOKEN_SERVER=

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

# token_serve SOCKET COMMAND...: in the background, until it listens.
token_serve() {
	local socket=$1 i
	shift
	"$@" >"$socket.log" 2>&1 &
	# shellcheck disable=SC2034 # who sources this ends it
	TOKEN_SERVER=$!
	for ((i = 0; i < 200; i++)); do
		[ ! -S "$socket" ] || return 0
		sleep 0.05
	done
	cat "$socket.log" >&2
	return 1
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
	token_serve "$1/socket" p11-kit server -f -n "$1/socket" --provider "$provider" "pkcs11:"
	export P11_KIT_SERVER_ADDRESS=unix:path=$1/socket
}

token_make_nss() {
	token_program certutil && token_module libsoftokn3.so || return
	mkdir "$1/nss"
	printf '%s' "$TOKEN_PIN" >"$1/nss.pin"
	certutil -N -d "sql:$1/nss" -f "$1/nss.pin"
	TOKEN_LABEL="NSS Certificate DB"
	TOKEN_INIT_ARGS="configdir='sql:$1/nss' certPrefix='' keyPrefix='' secmod='secmod.db' flags="
}

# Without a resource manager, so by one program at a time.
token_make_tpm2() {
	token_program swtpm && token_program pkcs11-tool && token_module libtpm2_pkcs11.so || return
	mkdir "$1/tpm" "$1/tpm2"
	token_serve "$1/tpm/socket" swtpm socket --tpm2 --tpmstate "dir=$1/tpm" --flags not-need-init,startup-clear \
		--ctrl "type=unixio,path=$1/tpm/socket.ctrl" --server "type=unixio,path=$1/tpm/socket"
	export TPM2_PKCS11_TCTI=swtpm:path=$1/tpm/socket TPM2_PKCS11_STORE=$1/tpm2
	pkcs11-tool --module "$TOKEN_MODULE" --slot 1 --init-token --label "$TOKEN_LABEL" --so-pin 87654321 &&
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
