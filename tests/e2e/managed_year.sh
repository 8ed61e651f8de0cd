#!/usr/bin/env bash
# A year in less than three minutes: ten managed certificates of 90 days, renewed 30 days before their end, served by nginx
# and HAProxy to clients all the time. Each is replaced in its window; no handshake fails, no connection is cut in the middle
# of an answer (one that is idle, a server that reloads closes), and no private key lies in a file.
. "$(dirname "$0")/lib.sh"

year_s=175
rate=$((365 * 86400 / year_s))

# define METHOD PATH MEMBERS
define() {
	api "$1" "$2" -H 'Content-Type: application/json' --data "{\"names\": [\"localhost\"],
		\"source\": {\"issuer\": \"internal\"}, \"days\": 90, \"renew_before_s\": 2592000, \"new_key\": \"always\",
		\"directory\": \"$T/tls\", \"group\": \"$WORKER_GROUP\", \"destroy_old_keys\": true, \"grace_s\": 2592000$3}"
	[[ $STATUS == 20[01] ]] || fail "$1 $2: $STATUS $(cat "$T/body")"
}

# write_hook SERVER SIGNAL: of its master.
write_hook() {
	cat >"$T/$1.hook" <<EOF
#!/bin/sh
exec kill -$2 \$(cat $T/$1.master)
EOF
	chmod 755 "$T/$1.hook"
}

# What both serve: a short answer, and one that takes three seconds.
locations="location / { return 200 \"$(printf 'served %.0s' {1..20})\"; } location = /slow { root $T/www; limit_rate 70000; }"

write_nginx() {
	local i
	{
		as_worker 'user %s %s;'
		page_recipe nginx-main
		echo "worker_processes 2; pid $T/nginx.pid; error_log $T/nginx.log notice; daemon off;"
		echo "events { worker_connections 1024; } http { access_log off; ssl_session_cache off; ssl_session_tickets off;"
		for i in client_body proxy fastcgi uwsgi scgi; do
			echo "${i}_temp_path $T/nginx/$i;"
		done
		echo "server { listen 127.0.0.1:$plain; $locations }"
		for i in 0 1 2 3 4; do
			echo "server { listen 127.0.0.1:${ports[i]} ssl; server_name localhost; ssl_certificate $T/tls/w$i/chain.pem;
				ssl_certificate_key $T/tls/w$i/key.pem; $locations }"
		done
		echo "}"
	} >"$T/nginx.conf"
}

write_haproxy() {
	local i
	cat <<CONF
global
	nbthread 2
	$(as_worker 'user %s\n	group %s')
defaults
	mode http
	timeout connect 5s
	timeout client 30s
	timeout server 30s
frontend tls
	$(for i in 5 6 7 8 9; do echo "	bind 127.0.0.1:${ports[i]} ssl crt $T/tls/w$i/both.pem"; done)
	default_backend plain
backend plain
	server nginx 127.0.0.1:$plain
CONF
}

DAEMON_OPTIONS=(--clock-rate "$rate")
start_daemon
need_provider
make_ca
write_hook nginx HUP
write_hook haproxy USR2
mkdir -p "$T/nginx" "$T/www"
chmod 755 "$T/www"
head -c 200000 /dev/zero | tr '\0' x >"$T/www/slow"
plain=$(free_port)
for i in {0..9}; do
	ports[i]=$(free_port)
	define POST /v1/managed ", \"name\": \"w$i\""
done

say "ten first certificates, then the servers, then somebody to tell"
"$KEYHOLD" agent --once 2>>"$T/agent.log" || fail "the first certificates: $(tail -3 "$T/agent.log")"
write_nginx
write_haproxy >"$T/haproxy.cfg"
launch nginx "$plain" "$(command -v nginx)" -c "$T/nginx.conf" -p "$T/nginx" -e "$T/nginx.log"
echo "$SERVER_PID" >"$T/nginx.master"
launch haproxy "${ports[5]}" haproxy -W -db -f "$T/haproxy.cfg"
echo "$SERVER_PID" >"$T/haproxy.master"
for i in {0..9}; do
	server=$([ "$i" -lt 5 ] && echo nginx || echo haproxy)
	define PUT "/v1/managed/w$i" ", \"hook\": {\"argv\": [\"$T/$server.hook\"]},
		\"verify\": \"127.0.0.1:${ports[i]}\", \"verify_name\": \"localhost\""
done

say "a year, in $year_s seconds"
"$KEYHOLD" agent 2>>"$T/agent.log" &
agent=$!
PIDS+=("$agent")
"$HERE/year.py" "$T/root.pem" "$KEYHOLD_SOCKET" "${ports[@]}" >"$T/clients.txt" 2>"$T/clients.log" &
clients=$!
PIDS+=("$clients")
sleep "$year_s"
kill -TERM "$clients"
wait "$clients" || fail "the clients: $(tail -3 "$T/clients.log")"
kill -TERM "$agent"
wait "$agent" || fail "the agent: $(tail -3 "$T/agent.log")"

read -r _ handshakes failed answers cut certificates < <(tail -1 "$T/clients.txt")
say "$handshakes handshakes, $failed failed; $answers answers, $cut connections cut; $certificates certificates"
[[ "$failed" -eq 0 && "$cut" -eq 0 ]] || fail "$(head -5 "$T/clients.txt")"
[ "$handshakes" -gt 1000 ] || fail "that is no load"

say "each was replaced in its window, from 30 days before its end"
api GET '/v1/audit?action=managed.renewed&limit=1000'
perl -MJSON::PP -MTime::Piece -e '
	my (%until, %count, $bad);
	my $at = sub { Time::Piece->strptime($_[0], "%Y-%m-%dT%H:%M:%SZ")->epoch };
	local $/;
	for my $entry (@{decode_json(<STDIN>)->{entries}}) {
		my ($name, $now) = ($entry->{object}, $at->($entry->{time}));
		my ($end) = $entry->{detail} =~ /until=(\S+)/ or die;
		if (defined(my $until = $until{$name})) {
			my $left = ($until - $now) / 86400;
			$count{$name}++;
			printf "%s was renewed %.1f days before its end\n", $name, $left and $bad = 1 if $left < 0 || $left > 30;
		}
		$until{$name} = $at->($end);
	}
	print join(" ", map { "$_:" . ($count{$_} // 0) } sort keys %until), "\n";
	exit($bad || keys %until != 10 || grep({ ($count{$_} // 0) < 5 } keys %until) ? 1 : 0)' <"$T/body" >"$T/windows.txt" ||
	fail "$(cat "$T/windows.txt")"
say "renewals: $(tail -1 "$T/windows.txt")"
! grep -E 'level=error' "$T/agent.log" || fail "the agent failed at something"

say "old keys are gone, and no key lies in a file"
"$KEYHOLD" key list >"$T/keys.txt"
[ "$(grep -c '^w' "$T/keys.txt")" -le 20 ] || fail "keys: $(cat "$T/keys.txt")"
perl "$HERE/find_keys.pl" "$T/dev/state" "$T/tls" "$T/www" "$T/nginx" "$T/nginx.conf" "$T/haproxy.cfg" "$T/agent.log" \
	"$T/keyholdd.log" "$T/nginx.log" "$T/haproxy.log" || fail "a private key in a file"
