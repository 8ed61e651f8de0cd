#!/usr/bin/env bash
# What a worker of nginx does for a signature: one write and one read on its connection to
# keyholdd. It opens no file of the token, and starts no process.
. "$(dirname "$0")/lib.sh"

type -P strace >/dev/null || skip "strace is not installed"

HANDSHAKES=20
start_daemon
need_provider
make_ca
"$KEYHOLD" cert issue web --ca internal --san localhost --out "$T/tls" >/dev/null
port=$(free_port)
WORKERS=1 start_nginx "$port" "$T/tls/web.crt" "$T/tls/web.key"
worker=$(nginx_workers)
[ "$(wc -w <<<"$worker")" -eq 1 ] || fail "not one worker: $worker"

# One client, so that the handshakes follow each other at once: full ones, each a signature.
handshakes() {
	curl -sS --max-time 60 --noproxy '*' --cacert "$T/root.pem" --no-sessionid --http1.1 -H 'Connection: close' \
		"https://localhost:$port/?[1-$1]" | grep -c served
}
[ "$(handshakes 2)" -eq 2 ] || fail "the first handshakes"

traced() {
	grep -qE '^TracerPid:[[:space:]]+[1-9]' "/proc/$worker/status"
}
strace -f -p "$worker" -o "$T/trace" 2>"$T/strace.log" &
strace_pid=$!
PIDS+=("$strace_pid")
for ((i = 0; i < 100; i++)); do
	! traced || break
	! gone "$strace_pid" || skip "no ptrace here: $(cat "$T/strace.log")"
	sleep 0.05
done
traced || fail "strace does not attach"
# The first of them may find its connection idle for long enough to look at it.
[ "$(handshakes 1)" -eq 1 ] || fail "a handshake under strace"
mark=$(wc -l <"$T/trace")
[ "$(handshakes $HANDSHAKES)" -eq $HANDSHAKES ] || fail "handshakes under strace"
end_with TERM "$strace_pid"
tail -n "+$((mark + 1))" "$T/trace" >"$T/handshakes.log"

fd=$(sed -nE 's/.*sendmsg\(([0-9]+), .*"POST \/v1\/keys.*/\1/p' "$T/handshakes.log" | sort -u)
[[ $fd =~ ^[0-9]+$ ]] || fail "the worker's connections to keyholdd: \"$fd\""
# One that was idle for a second is looked at first.
calls=$(grep -v MSG_PEEK "$T/handshakes.log" | grep -oE "[a-z0-9_]+\\(${fd}[,)]" | sort | uniq -c | awk '{ print $2 $1 }' | paste -sd' ')
want="recvfrom($fd,$HANDSHAKES sendmsg($fd,$HANDSHAKES"
[ "$calls" = "$want" ] || fail "on the connection: $calls"
! grep -E "^([0-9]+ )?[[:space:]]*(fork|vfork|clone3?|execve)\(" "$T/trace" || fail "the worker started a process"
! grep -E "open(at)?\(.*$T/dev" "$T/trace" || fail "the worker opened a file of the daemon's"
say "$HANDSHAKES handshakes: $calls"
stop_nginx
