# shellcheck shell=bash
# lib.sh - what the stories share. Each story sources it, works in $T, and ends clean.
#
# From ctest: KEYHOLDD, KEYHOLD, PROVIDER (paths), SANITIZER (empty, address or thread).
set -euo pipefail

: "${KEYHOLDD:?run the stories through ctest}" "${KEYHOLD:?}" "${PROVIDER:?}"
SANITIZER=${SANITIZER:-}
# shellcheck disable=SC2034 # the stories use it
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
unset OPENSSL_CONF KEYHOLD_SOCKET KEYHOLD_TOKEN_FILE {http,https,all}_proxy {HTTP,HTTPS,ALL}_PROXY \
	SSL_CERT_FILE SSL_CERT_DIR CURL_CA_BUNDLE
umask 022

T=$(mktemp -d "${TMPDIR:-/tmp}/keyhold-e2e.XXXXXX")
chmod 755 "$T"
# Where programs that a story runs as another user can read them, wherever the build is.
install -m 644 "$HERE"/../support/*.supp "$T"
install -m 755 "$PROVIDER" "$T/keyhold.so"
PROVIDER=$T/keyhold.so
export LSAN_OPTIONS=suppressions=$T/lsan.supp
export TSAN_OPTIONS="suppressions=$T/tsan.supp halt_on_error=1"
PIDS=()
DAEMON_OPTIONS=()

# ours PID: not somebody else's, who has the number of one of ours that has ended.
ours() {
	grep -qsE "^PPid:[[:space:]]+$$\$" "/proc/$1/status" || grep -qsF "$T" "/proc/$1/cmdline"
}

finish() {
	local status=$? pid living=()
	set +e
	if [ "$status" -ne 0 ] && [ "$status" -ne 77 ]; then
		echo "-- the story failed; its logs:"
		tail -n 40 "$T"/*.log 2>/dev/null
	fi
	for pid in "${PIDS[@]}"; do
		! ours "$pid" || living+=("$pid")
	done
	for pid in "${living[@]}"; do
		kill "$pid" 2>/dev/null
	done
	for pid in "${living[@]}"; do
		wait_gone "$pid"
	done
	rm -rf "$T"
	exit "$status"
}
trap finish EXIT
# What set -e ends without a word.
trap 'echo "FAILED: $(basename "$0"), line $LINENO: $BASH_COMMAND" >&2' ERR

say() {
	echo "-- $*"
}

fail() {
	echo "FAILED: $*" >&2
	exit 1
}

skip() {
	echo "SKIPPED: $*"
	exit 77
}

# wait_for DESCRIPTION COMMAND...: at most ten seconds.
wait_for() {
	local what=$1 i
	shift
	for ((i = 0; i < 200; i++)); do
		if "$@" >/dev/null 2>&1; then
			return 0
		fi
		sleep 0.05
	done
	fail "$what did not happen within 10 seconds"
}

gone() {
	! kill -0 "$1" 2>/dev/null
}

wait_gone() {
	local i
	for ((i = 0; i < 300; i++)); do
		gone "$1" && return 0
		sleep 0.05
	done
	kill -KILL "$1" 2>/dev/null
}

# end_with SIGNAL PID: a program of ours that ends so, and was there until then.
end_with() {
	local status=0
	kill -s "$1" "$2"
	# In a group, as bash reports to this shell what a signal ends.
	{ wait "$2" || status=$?; } 2>/dev/null
	[ "$status" -eq $((128 + $(kill -l "$1"))) ] || fail "process $2 ended with $status, not by SIG$1"
}

# expect_status CODE COMMAND...: the command must exit so; its output goes to $T/out.
expect_status() {
	local want=$1 got=0
	shift
	"$@" >"$T/out" 2>&1 || got=$?
	[ "$got" -eq "$want" ] || {
		cat "$T/out" >&2
		fail "exit status $got instead of $want: $*"
	}
}

# expect_text TEXT FILE
expect_text() {
	grep -qF -- "$1" "$2" || {
		cat "$2" >&2
		fail "\"$1\" is not in $2"
	}
}

# wait_for_text TEXT FILE: a server writes its log after its client has the answer.
wait_for_text() {
	wait_for "\"$1\" in $2" grep -qF -- "$1" "$2"
}

# The next of a row that all stories share, so that no two get the same one; from below those that clients get.
free_port() {
	perl -MIO::Socket::INET -MFcntl=:flock -e '
		open my $row, "+>>", "/tmp/keyhold-e2e-port.$<" or die "$!";
		flock $row, LOCK_EX;
		seek $row, 0, 0;
		my $port = <$row> // 20000;
		do { $port = $port < 32000 ? $port + 1 : 20001 }
		    until IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1", LocalPort => $port);
		truncate $row, 0;
		print $row $port;
		print $port'
}

# Who the proxies' workers run as: an unprivileged user when the story runs as root.
if [ "$(id -u)" -eq 0 ]; then
	WORKER_GROUP=$(id -gn www-data 2>/dev/null || id -gn nobody)
	WORKER_USER=$(id -un www-data 2>/dev/null || id -un nobody)
else
	WORKER_GROUP=$(id -gn)
	WORKER_USER=$(id -un)
fi

# start_daemon: keyholdd --dev $T/dev, with the DAEMON_OPTIONS; its pid in DAEMON_PID, its socket in KEYHOLD_SOCKET.
start_daemon() {
	"$KEYHOLDD" --dev "$T/dev" --group "$WORKER_GROUP" "${DAEMON_OPTIONS[@]}" >>"$T/keyholdd.log" 2>&1 &
	DAEMON_PID=$!
	PIDS+=("$DAEMON_PID")
	export KEYHOLD_SOCKET=$T/dev/keyhold.sock
	wait_for "keyholdd's answer" "$KEYHOLD" status
}

stop_daemon() {
	local status=0
	kill -TERM "$DAEMON_PID"
	wait "$DAEMON_PID" || status=$?
	[ "$status" -eq 0 ] || fail "keyholdd exited with $status"
}

make_ca() {
	"$KEYHOLD" ca create root --subject "/O=keyhold test/CN=test root" >/dev/null
	"$KEYHOLD" ca create internal --issuer root >/dev/null
	"$KEYHOLD" ca certificate root >"$T/root.pem"
}

# api METHOD PATH [CURL-ARGUMENT...]: status in STATUS, body in $T/body, headers in $T/head.
api() {
	local method=$1 path=$2
	shift 2
	STATUS=$(curl -sS --max-time 20 -o "$T/body" -D "$T/head" -w '%{http_code}' \
		--unix-socket "$KEYHOLD_SOCKET" -X "$method" "$@" "http://localhost$path")
}

expect_problem() {
	[ "$STATUS" = "$1" ] || {
		cat "$T/body" >&2
		fail "status $STATUS instead of $1"
	}
	grep -qi '^content-type: application/problem+json' "$T/head" ||
		fail "the answer is no problem document"
}

# WITH_PROVIDER goes before programs that load keyhold.so. An array and not a function, so
# that in the background $! is the program itself. A sanitized provider needs its runtime
# loaded first.
WITH_PROVIDER=(env "OPENSSL_CONF=$T/provider.cnf")
if [ "$SANITIZER" = address ]; then
	WITH_PROVIDER+=(ASAN_OPTIONS=detect_leaks=0 "LD_PRELOAD=$(gcc -print-file-name=libasan.so)")
fi

need_provider() {
	[ "$SANITIZER" != thread ] || fail "no server loads a provider built for ThreadSanitizer: CMakeLists.txt has a list for this story"
	"$KEYHOLD" provider config --module "$PROVIDER" --socket "$T/dev/keyhold.sock" \
		>"$T/provider.cnf"
}

listens() {
	perl -MIO::Socket::INET -e 'exit !IO::Socket::INET->new(PeerAddr => "127.0.0.1:$ARGV[0]")' "$1"
}

stop_nginx() {
	kill -QUIT "$NGINX_PID"
	wait_gone "$NGINX_PID"
}

nginx_workers() {
	pgrep -P "$NGINX_PID"
}

# handshake PORT TLS-VERSION: chain and name verified against the root alone.
handshake() {
	# An nginx worker that was told to quit ends what HTTP/2 it is still asked for, after the handshake.
	curl -sS --http1.1 --max-time 10 --noproxy '*' --cacert "$T/root.pem" --tlsv"$2" --tls-max "$2" \
		"https://localhost:$1/"
}

. "$HERE/servers.sh"
