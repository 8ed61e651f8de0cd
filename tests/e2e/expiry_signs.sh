#!/bin/bash
# keyhold expiry ends a server's handshake: one that shows its certificate and cannot sign is not well.
. "$(dirname "$0")/lib.sh"

start_daemon
need_provider
make_ca
"$KEYHOLD" cert issue web --ca internal --san localhost --days 20 --out "$T/web" >/dev/null
port=$(free_port)
"${WITH_PROVIDER[@]}" openssl s_server -accept "127.0.0.1:$port" -cert "$T/web/web.crt" -cert_chain "$T/web/web.crt" \
	-key "$T/web/web.key" -quiet >"$T/server.log" 2>&1 </dev/null &
PIDS+=($!)
wait_for "the server" bash -c "exec 3<>/dev/tcp/127.0.0.1/$port"

# look TEXT: what expiry says of the server ends with this.
look() {
	"$KEYHOLD" expiry --no-daemon --ca "$T/root.pem" --timeout 20 "localhost@127.0.0.1:$port" >"$T/table"
	cat "$T/table"
	grep -qE "127\.0\.0\.1:$port +(19|20) +[0-9]{4}-[0-9T:-]+Z +$1\$" "$T/table" || fail "not \"$1\""
}

say "with keyholdd"
look ok
say "revoked, it is seen with keyholdd asked"
"$KEYHOLD" cert revoke --file "$T/web/web.crt" --reason superseded >/dev/null
look ok
expect_status 1 "$KEYHOLD" expiry --ca "$T/root.pem" --timeout 20 "localhost@127.0.0.1:$port" --below 1d
grep -qE "^server .* (19|20) +[0-9]{4}-[0-9T:-]+Z +revoked$" "$T/out" || fail "not revoked: $(cat "$T/out")"
say "without it"
stop_daemon
look "refused the handshake: internal error"
