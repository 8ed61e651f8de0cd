# shellcheck shell=bash
# servers.sh - starts each server of docs/proxies.md with the recipe of that page.
#
# start_server NAME PORT CERTIFICATE KEY: NAME is nginx, haproxy, haproxy-async, stunnel, httpd,
# postgresql or s_server. Its pid is SERVER_PID, its log $T/NAME.log. BACKEND_PORT is stunnel's
# plain server, and the others' when RECIPE names a recipe that has one.

PROXIES_MD=$HERE/../../docs/proxies.md

# page_recipe NAME [PAGE]: as it is on the page.
page_recipe() {
	local page=${2:-$PROXIES_MD}
	awk -v mark="<!-- recipe: $1 -->" '
		$0 == mark { found = 1; next }
		found && /^```/ { if (inside) exit; inside = 1; next }
		inside' "$page" | grep . || fail "$page has no recipe named $1"
}

# A story that changes more of a recipe than recipe does defines this anew.
recipe_text() {
	page_recipe "$1"
}

# recipe NAME PORT CERTIFICATE KEY: with these in place of the page's own.
recipe() {
	recipe_text "$1" | sed -e "s/127\.0\.0\.1:443\b/127.0.0.1:$2/" -e "s|/etc/keyhold/tls/web\.crt|$3|g" \
		-e "s|/etc/keyhold/tls/web\.key|$4|g" -e "s|/etc/keyhold/tls/web\.pem|$T/tls/both.pem|g" \
		-e "s|127\.0\.0\.1:8080|127.0.0.1:${BACKEND_PORT:-1}|"
}

# The lines that make the workers an unprivileged user, for a server that root starts.
as_worker() {
	# shellcheck disable=SC2059 # the caller's format
	[ "$(id -u)" -ne 0 ] || printf "$1\n" "$WORKER_USER" "$WORKER_GROUP"
}

launch() {
	local name=$1 port=$2
	shift 2
	"${WITH_PROVIDER[@]}" "$@" >>"$T/$name.log" 2>&1 &
	SERVER_PID=$!
	PIDS+=("$SERVER_PID")
	wait_for "$name listening on port $port" listens "$port"
}

conf_nginx() {
	as_worker 'user %s %s;'
	page_recipe nginx-main
	[ "$SANITIZER" != address ] || printf 'env %s;\n' LD_PRELOAD ASAN_OPTIONS
	cat <<CONF
worker_processes ${WORKERS:-2};
pid $T/nginx.pid;
error_log $T/nginx.log notice;
daemon ${NGINX_DAEMON:-off};
events { worker_connections 1024; }
http {
	access_log off;
	client_body_temp_path $T/nginx/body;
	proxy_temp_path $T/nginx/proxy;
	fastcgi_temp_path $T/nginx/fastcgi;
	uwsgi_temp_path $T/nginx/uwsgi;
	scgi_temp_path $T/nginx/scgi;
	ssl_session_cache off;
	ssl_session_tickets off;
	${4:-}
	$(recipe "${RECIPE:-nginx}" "$@")
}
CONF
}

# start_nginx PORT CERTIFICATE KEY [DIRECTIVES]: with WORKERS workers (2). Also checks the configuration first, as its
# users do; its pid is in NGINX_PID too.
start_nginx() {
	mkdir -p "$T/nginx"
	conf_nginx "$@" >"$T/nginx.conf"
	: >"$T/nginx.log"
	rm -f "$T/nginx.pid"
	check_nginx
	launch nginx "$1" "$(command -v nginx)" -c "$T/nginx.conf" -p "$T/nginx" -e "$T/nginx.log"
	# It listens before it has written its pid.
	wait_for "nginx's pid" test -s "$T/nginx.pid"
	SERVER_PID=$(cat "$T/nginx.pid")
	# shellcheck disable=SC2034 # for the stories
	NGINX_PID=$SERVER_PID
	PIDS+=("$SERVER_PID")
	wait_for "nginx's workers" nginx_workers
}

check_nginx() {
	"${WITH_PROVIDER[@]}" nginx -c "$T/nginx.conf" -p "$T/nginx" -e "$T/nginx.log" -t 2>"$T/nginx-test.log" ||
		fail "nginx -t: $(cat "$T/nginx-test.log")"
}

conf_haproxy() {
	cat <<CONF
global
	nbthread 2
	tune.ssl.cachesize 0
	$(as_worker 'user %s\n	group %s')
	$HAPROXY_GLOBAL
defaults
	timeout connect 5s
	timeout client 10s
	timeout server 10s
$(recipe "${RECIPE:-haproxy}" "$@")
CONF
}

# Master and worker, as Debian's unit starts it.
start_haproxy() {
	cat "$2" "$3" >"$T/tls/both.pem"
	conf_haproxy "$@" >"$T/haproxy.cfg"
	launch haproxy "$1" haproxy -W -db -f "$T/haproxy.cfg"
	# The master listens before there is a worker.
	wait_for "HAProxy's worker" pgrep -P "$SERVER_PID"
}

# stunnel refuses its client when there is nobody behind it.
start_backend() {
	BACKEND_PORT=$(free_port)
	/usr/bin/python3 -m http.server --bind 127.0.0.1 --directory "$T/nothing" "$BACKEND_PORT" \
		>"$T/backend.log" 2>&1 &
	PIDS+=("$!")
	wait_for "the server behind stunnel" listens "$BACKEND_PORT"
}

start_stunnel() {
	{
		printf 'foreground = yes\npid =\nsyslog = no\n'
		as_worker 'setuid = %s\nsetgid = %s'
		[ -z "${STUNNEL_CHROOT:-}" ] || echo "chroot = $STUNNEL_CHROOT"
		recipe stunnel "$@"
	} >"$T/stunnel.conf"
	launch stunnel "$1" stunnel4 "$T/stunnel.conf"
}

conf_httpd() {
	local module
	cat <<CONF
ServerRoot $T/httpd
PidFile $T/httpd/pid
ErrorLog $T/httpd.log
ServerName localhost
Listen 127.0.0.1:$1
Mutex file:$T/httpd
DocumentRoot $T/httpd/www
CONF
	as_worker 'User %s\nGroup %s'
	for module in mpm_event ssl authz_core; do
		echo "LoadModule ${module}_module /usr/lib/apache2/modules/mod_$module.so"
	done
	recipe httpd "$@"
}

start_httpd() {
	mkdir -p "$T/httpd/www"
	echo served >"$T/httpd/www/index.html"
	conf_httpd "$@" >"$T/httpd.conf"
	launch httpd "$1" apache2 -f "$T/httpd.conf" -D FOREGROUND
}

# PostgreSQL refuses to run as root, so all of it is the workers' user.
start_postgresql() {
	local bin as=()
	bin=$(echo /usr/lib/postgresql/*/bin)
	[ "$(id -u)" -ne 0 ] ||
		as=(setpriv "--reuid=$WORKER_USER" "--regid=$WORKER_GROUP" --clear-groups)
	if [ ! -d "$T/postgresql" ]; then
		mkdir "$T/postgresql"
		[ "$(id -u)" -ne 0 ] || chown "$WORKER_USER:$WORKER_GROUP" "$T/postgresql"
		"${as[@]}" "$bin/initdb" -D "$T/postgresql" -A trust -U keyhold --no-sync \
			>"$T/initdb.log" 2>&1 || fail "initdb: $(tail -5 "$T/initdb.log")"
	fi
	install -m 600 "$3" "$T/postgresql/web.key"
	[ "$(id -u)" -ne 0 ] || chown "$WORKER_USER" "$T/postgresql/web.key"
	{
		recipe postgresql "$1" "$2" "$T/postgresql/web.key"
		echo "listen_addresses = '127.0.0.1'"
		echo "port = $1"
		echo "unix_socket_directories = ''"
		echo "fsync = off"
	} >"$T/postgresql/postgresql.conf"
	launch postgresql "$1" "${as[@]}" "$bin/postgres" -D "$T/postgresql"
}

start_s_server() {
	local command
	command=$(recipe s_server "$@")
	# shellcheck disable=SC2086 # the page's command line, in words
	launch s_server "$1" $command
}

start_server() {
	local name=$1
	shift
	HAPROXY_GLOBAL=${HAPROXY_GLOBAL:-}
	case $name in
	haproxy-async) HAPROXY_GLOBAL=ssl-mode-async start_haproxy "$@" ;;
	*) "start_$name" "$@" ;;
	esac
}

stop_server() {
	kill "$SERVER_PID"
	wait_gone "$SERVER_PID"
}
