#!/usr/bin/env bash
# MariaDB with its key in the token; a renewal is loaded without a restart, and seen through MariaDB's own protocol.
. "$(dirname "$0")/lib.sh"

export PATH=$PATH:/usr/sbin
for program in mariadbd mariadb; do
	type -P "$program" >/dev/null || skip "$program is missing; install mariadb-server-core and mariadb-client-core"
done

start_daemon
need_provider
make_ca
port=$(free_port)
as=()
if [ "$(id -u)" -eq 0 ]; then
	as=(setpriv "--reuid=$WORKER_USER" "--regid=$WORKER_GROUP" --clear-groups)
fi
mkdir -p "$T/db/data/mysql" "$T/tls"
[ "$(id -u)" -ne 0 ] || chown -R "$WORKER_USER:$WORKER_GROUP" "$T/db"

# sql TEXT: as the server's own user.
sql() {
	"${as[@]}" mariadb --no-defaults --socket="$T/db/socket" --skip-ssl -BN -e "$1"
}

say "its first certificate, and a server that loads it"
"$KEYHOLD" managed add web --ca internal --san localhost --out "$T/tls" --group "$WORKER_GROUP" >/dev/null
"$KEYHOLD" agent --once 2>"$T/agent.log" || fail "$(cat "$T/agent.log")"
{
	page_recipe mariadb | sed -e "s|/etc/mysql/tls|$T/tls|"
	echo "datadir = $T/db/data"
	echo "socket = $T/db/socket"
	echo "pid_file = $T/db/pid"
	echo "bind_address = 127.0.0.1"
	echo "port = $port"
	echo "lc_messages_dir = /usr/share/mysql"
	echo "innodb_buffer_pool_size = 8M"
} >"$T/my.cnf"
cat <(echo "USE mysql;") /usr/share/mysql/mysql_system_tables.sql /usr/share/mysql/mysql_system_tables_data.sql >"$T/tables.sql"
"${as[@]}" mariadbd --defaults-file="$T/my.cnf" --skip-ssl --bootstrap <"$T/tables.sql" >"$T/bootstrap.log" 2>&1 ||
	fail "$(tail -5 "$T/bootstrap.log")"
"${as[@]}" "${WITH_PROVIDER[@]}" mariadbd --defaults-file="$T/my.cnf" --skip-grant-tables >"$T/server.log" 2>&1 &
PIDS+=("$!")
for _ in {1..60}; do
	! sql "SELECT 1" >/dev/null 2>&1 || break
	sleep 0.5
done
sql "SELECT 1" >/dev/null || fail "$(tail -5 "$T/server.log")"

served() {
	timeout 10 openssl s_client -starttls mysql -connect "127.0.0.1:$port" -CAfile "$T/root.pem" -verify_return_error \
		-verify_hostname localhost </dev/null 2>/dev/null | openssl x509 -noout -serial
}
first=$(served)
[ "$first" = "$(openssl x509 -in "$T/tls/web/chain.pem" -noout -serial)" ] || fail "$first is served"
[ "$(mariadb --no-defaults --host=127.0.0.1 --port="$port" --ssl-ca="$T/root.pem" -BN -e "SHOW STATUS LIKE 'Ssl_version'")" = \
	$'Ssl_version\tTLSv1.3' ] || fail "the client sees no TLS 1.3"

say "keyhold expiry speaks its protocol"
"$KEYHOLD" expiry --no-daemon --ca "$T/root.pem" "mysql://localhost@127.0.0.1:$port" >"$T/out"
grep -qE "127\.0\.0\.1:$port +(89|90) .* ok$" "$T/out" || fail "$(cat "$T/out")"
"$KEYHOLD" expiry --no-daemon --ca "$T/root.pem" "postgres://localhost@127.0.0.1:$port" --timeout 1 >"$T/out"
grep -q "no answer in time\|offers no TLS in this protocol" "$T/out" || fail "$(cat "$T/out")"

say "a renewal is loaded by FLUSH SSL, and seen"
cat >"$T/hook" <<HOOK
#!/bin/sh
exec ${as[*]} mariadb --no-defaults --socket=$T/db/socket --skip-ssl -e 'FLUSH SSL'
HOOK
chmod 755 "$T/hook"
"$KEYHOLD" managed change web --reload "$T/hook" --verify "mysql://127.0.0.1:$port" >/dev/null
"$KEYHOLD" managed renew web >/dev/null
"$KEYHOLD" agent --once 2>>"$T/agent.log" || fail "$(cat "$T/agent.log") $(tail -3 "$T/server.log")"
[ "$(served)" != "$first" ] || fail "the first is still served"

say "one that is not loaded goes back"
second=$(served)
"$KEYHOLD" managed change web --reload true >/dev/null
"$KEYHOLD" managed renew web >/dev/null
expect_status 3 "$KEYHOLD" agent --once
[ "$second" = "$(openssl x509 -in "$T/tls/web/chain.pem" -noout -serial)" ] || fail "not gone back"
"$KEYHOLD" managed show web | grep -q "shows the certificate" || fail "$("$KEYHOLD" managed show web)"
[ "$(served)" = "$second" ] || fail "another is served"
