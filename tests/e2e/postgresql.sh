#!/usr/bin/env bash
# A PostgreSQL cluster as Debian makes and starts it, with its key in the token, and psql's too (two-way TLS).
. "$(dirname "$0")/lib.sh"

start_daemon
need_provider
make_ca
"$KEYHOLD" ca chain internal >"$T/clients.pem"
"$KEYHOLD" cert issue web --ca internal --san localhost --out "$T/tls" >/dev/null
"$KEYHOLD" key create reader --type ec-p256 --use tls >/dev/null
"$KEYHOLD" key csr reader --subject /CN=reader >"$T/reader.csr"
"$KEYHOLD" cert sign "$T/reader.csr" --ca internal --profile client >"$T/reader.pem"

version=$(basename /usr/lib/postgresql/*)
port=$(free_port)
mkdir "$T/pg"
as=()
if [ "$(id -u)" -eq 0 ]; then
	as=(setpriv "--reuid=$WORKER_USER" "--regid=$WORKER_GROUP" --clear-groups)
	chown "$WORKER_USER:$WORKER_GROUP" "$T/pg"
fi
as+=(env "PG_CLUSTER_CONF_ROOT=$T/pg/etc" "HOME=$T/pg")

"${as[@]}" mkdir -p "$T/pg/etc" "$T/pg/run"
"${as[@]}" pg_createcluster "$version" keyhold -d "$T/pg/data" -l "$T/pg/server.log" -p "$port" \
	--socketdir="$T/pg/run" -- -A trust -U reader --no-sync >"$T/createcluster.log" 2>&1 ||
	fail "pg_createcluster: $(cat "$T/createcluster.log")"
conf=$T/pg/etc/$version/keyhold
# PostgreSQL takes a file of its own user's with 0600, or root's with 0640.
if [ "$(id -u)" -eq 0 ]; then
	chgrp "$WORKER_GROUP" "$T/tls/web.key"
else
	chmod 600 "$T/tls/web.key"
fi
{
	recipe postgresql "$port" "$T/tls/web.crt" "$T/tls/web.key"
	echo "ssl_ca_file = '$T/clients.pem'"
	echo "fsync = off"
} >>"$conf/postgresql.conf"
page_recipe postgresql-environment | sed "s|/etc/keyhold/openssl.cnf|$T/provider.cnf|" >>"$conf/environment"
{
	echo "local all all trust"
	page_recipe postgresql-hba
} >"$conf/pg_hba.conf"

"${as[@]}" pg_ctlcluster "$version" keyhold start || fail "the cluster does not start: $(tail -5 "$T/pg/server.log")"
PIDS+=("$(head -1 "$T/pg/data/postmaster.pid")")

# Not PSQL: the wrapper in /usr/bin looks for the system's clusters.
query() {
	"${as[@]}" "${WITH_PROVIDER[@]}" "/usr/lib/postgresql/$version/bin/psql" -XAtc "$1" \
		"host=localhost hostaddr=127.0.0.1 port=$port user=reader dbname=postgres sslmode=verify-full
		sslrootcert=$T/root.pem sslcert=$T/reader.pem sslkey=$T/pg/reader.key"
}

! query 'SELECT 1' >"$T/out" 2>&1 || fail "psql without its key was let in"
"$KEYHOLD" key reference reader >"$T/reader.key"
install -m 600 "$T/reader.key" "$T/pg/reader.key"
[ "$(id -u)" -ne 0 ] || chown "$WORKER_USER" "$T/pg/reader.key"
got=$(query "SELECT version, client_dn FROM pg_stat_ssl WHERE pid = pg_backend_pid()") ||
	fail "psql: $(tail -5 "$T/pg/server.log")"
[ "$got" = "TLSv1.3|/CN=reader" ] || fail "the server saw $got"
say "both keys in the token: $got"

"$KEYHOLD" expiry --no-daemon --ca "$T/root.pem" "postgres://localhost@127.0.0.1:$port" >"$T/out"
grep -qE "127\.0\.0\.1:$port +(89|90) .* ok$" "$T/out" || fail "$(cat "$T/out")"
say "keyhold expiry speaks its protocol"
