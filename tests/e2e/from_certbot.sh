#!/usr/bin/env bash
# Whoever comes from certbot gets nginx, HAProxy and PostgreSQL to keys of the token by typing what docs/from-certbot.md says.
. "$(dirname "$0")/lib.sh"

. "$HERE/pebble.sh"

PAGE=$HERE/../../docs/from-certbot.md
start_daemon
cd "$T"
port=$(free_port) listen=$(free_port)
start_pebble ""
curl -sf --cacert pebble.pem "https://localhost:$management/roots/0" >roots.pem

# What certbot left: an account, and a certificate with its key in files.
live=$T/letsencrypt/live/www.example
archive=$T/letsencrypt/archive/www.example
mkdir -p "$live" "$archive" "$T/letsencrypt/keys" "$T/letsencrypt/accounts" www bin haproxy/certs nginx-tls haproxy-tls pg-tls tls pg-files
echo '{}' >"$T/letsencrypt/accounts/private_key.json"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$archive/privkey1.pem" \
	-out "$archive/fullchain1.pem" -days 10 -subj /CN=old 2>/dev/null
cp "$archive/privkey1.pem" "$T/letsencrypt/keys/0000_key-certbot.pem"
for file in privkey fullchain; do
	ln -s "$archive/${file}1.pem" "$live/$file.pem"
done
cat "$live/fullchain.pem" "$live/privkey.pem" >haproxy/certs/www.example.pem
cp "$live"/*.pem pg-files
[ "$(id -u)" -ne 0 ] || chown -R "$WORKER_USER:$WORKER_GROUP" pg-files
chmod 755 www
ln -s "$KEYHOLD" bin/keyhold
PATH=$T/bin:$PATH

# here: the page's text with the ports, paths and users of this story; the page's addresses go first, for a port of ours may begin like theirs.
here() {
	sed -E -e "s#127\.0\.0\.1:(443|5432)\b#127.0.0.1:$port#" -e "s|bind :443\b|bind 127.0.0.1:$port|" -e "s|bind :80\b|bind 127.0.0.1:$http|" \
		-e "s|0\.0\.0\.0:80\b|127.0.0.1:$http|" -e "s|127\.0\.0\.1:8402\b|127.0.0.1:$listen|" \
		-e "s|expiry www.example|expiry --ca $T/roots.pem www.example@127.0.0.1:$port|" \
		-e "s|expiry postgres://db.example|expiry --ca $T/roots.pem postgres://db.example@127.0.0.1:$port|" \
		-e "s|https://acme-v02.api.letsencrypt.org/directory|https://localhost:$api/dir --ca-file $T/pebble.pem|" \
		-e "s|provider config|& --module $PROVIDER --socket $KEYHOLD_SOCKET|" -e "s|/etc/keyhold/openssl.cnf|$T/provider.cnf|" \
		-e "s|/var/www/html|$T/www|" \
		-e "s|/etc/letsencrypt|$T/letsencrypt|" -e "s|/etc/nginx/tls|$T/nginx-tls|" -e "s|/etc/haproxy/tls|$T/haproxy-tls|" \
		-e "s|/etc/haproxy/|$T/haproxy/|" -e "s|/etc/postgresql/tls|$T/pg-tls|" -e "s|/etc/postgresql/15/main|$T/pg-files|" \
		-e "s|--group [a-z-]*|--group $WORKER_GROUP|" -e "s|--owner [a-z]*|--owner $WORKER_USER|" \
		-e "s|'systemctl |'$T/bin/systemctl |" -e "s|'pg_ctlcluster |'$T/bin/pg_ctlcluster |"
}

# type_recipe NAME: its lines, in this shell, as a reader would; what they say is in typed.log.
type_recipe() {
	say "$1"
	page_recipe "$1" "$PAGE" | here >"$T/recipe"
	# shellcheck disable=SC1091 # from the page
	. "$T/recipe" >"$T/typed.log" 2>&1
}

# lines NAME: of a configuration.
lines() {
	page_recipe "$1" "$PAGE" | here
}

# recipe_text NAME: the server's page with the lines of ours, before or after.
recipe_text() {
	case $1 in
	nginx) page_recipe nginx | sed -e '/ssl_certificate/d' -e "/server_name/r $T/lines" ;;
	haproxy)
		page_recipe haproxy | sed -e "/bind /{r $T/lines
d}"
		lines haproxy-challenge
		;;
	postgresql) page_recipe postgresql | sed -e '/_file/d' -e "/ssl = on/r $T/lines" ;;
	esac
}

nginx_http="server { listen 127.0.0.1:$http; server_name www.example; root $T/www; }"
# configure SERVER WHEN: with its lines before or after.
configure() {
	lines "$1-$2" >"$T/lines"
	case $1 in
	nginx) conf_nginx "$port" none none "$nginx_http" >"$T/nginx.conf" ;;
	haproxy) HAPROXY_GLOBAL='' conf_haproxy "$port" none none >"$T/haproxy.cfg" ;;
	esac
}

# serve SERVER: as it is configured.
serve() {
	case $1 in
	nginx) start_nginx "$port" none none "$nginx_http" ;;
	haproxy) HAPROXY_GLOBAL='' start_haproxy "$port" /dev/null /dev/null ;;
	postgresql) start_postgresql "$port" none /dev/null ;;
	esac
	echo "$SERVER_PID" >"$T/$1.pid"
}

# Stand-ins, for the page's commands here and for the agent's hooks: what units and clusters would do.
systemctl() {
	echo "$*" >>"$T/asked"
	[ "$1" = restart ] || return 0
	stop_server
	serve "$2"
}
pg_ctlcluster() {
	stop_server
	serve postgresql
}
nginx() { "${WITH_PROVIDER[@]}" "$(type -P nginx)" -c "$T/nginx.conf" -p "$T/nginx" -e "$T/nginx.log" "$@"; }
haproxy() { "${WITH_PROVIDER[@]}" "$(type -P haproxy)" -q -f "$T/haproxy.cfg" "$1"; }
stop_server() {
	kill -TERM "$SERVER_PID"
	wait_gone "$SERVER_PID"
}
cat >bin/systemctl <<END
#!/bin/sh
signal=HUP
[ "\$2" = nginx ] || signal=USR2
kill -\$signal "\$(cat "$T/\$2.pid")"
END
cat >bin/pg_ctlcluster <<END
#!/bin/sh
[ "\$3" = reload ] && kill -HUP "\$(cat "$T/postgresql.pid")"
END
chmod +x bin/systemctl bin/pg_ctlcluster

# served [OPTION]...: the certificate's serial and key.
served() {
	timeout 10 openssl s_client -connect "127.0.0.1:$port" -servername www.example "$@" </dev/null 2>/dev/null |
		openssl x509 -noout -serial -pubkey
}

# shows NAME [OPTION]...: what the agent wrote, by the key in the token.
shows() {
	local name=$1 file
	shift
	file=$(echo "$T"/*-tls/"$name"/chain.pem)
	[ "$(served "$@")" = "$(openssl x509 -in "$file" -noout -serial -pubkey)" ] || fail "$name is not what is served"
	"$KEYHOLD" key public "$name" | cmp - <(openssl x509 -in "$file" -noout -pubkey) || fail "$name: another key"
	openssl verify -CAfile roots.pem -untrusted "$file" "$file" >/dev/null || fail "$name is not pebble's"
}

# The same, and no end of the story.
are_shown() {
	(shows "$@")
}

# move SERVER NAME [OPTION]...: as the page says.
move() {
	local server=$1 name=$2 old first
	shift 2
	configure "$server" before
	serve "$server"
	old=$(served "$@")
	[ "$old" = "$(openssl x509 -in "$live/fullchain.pem" -noout -serial -pubkey)" ] || fail "not certbot's to begin with: $old"
	type_recipe "$server-first"
	[ "$(served "$@")" = "$old" ] || fail "the server has another certificate before it was told"
	first=$(openssl x509 -in "$T"/*-tls/"$name"/chain.pem -noout -serial)
	configure "$server" after
	type_recipe "$server-renews"
	cat "$T/typed.log"
	grep -qE '^server .*[0-9]Z +ok$' "$T/typed.log" || fail "keyhold expiry does not find it well"
	wait_for "the renewed certificate" are_shown "$name" "$@"
	[ "$(openssl x509 -in "$T"/*-tls/"$name"/chain.pem -noout -serial)" != "$first" ] || fail "$name was not renewed"
	stop_server
}

type_recipe account
move nginx web
move haproxy front
[ "$SANITIZER" != "" ] || move postgresql pg -starttls postgres
type_recipe last
perl "$HERE/find_keys.pl" letsencrypt nginx-tls haproxy-tls pg-tls || fail "a private key is left in a file"
[ ! -e letsencrypt/accounts/private_key.json ] || fail "the account's key is left"
expect_text "disable --now certbot.timer" asked
