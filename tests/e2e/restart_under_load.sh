#!/usr/bin/env bash
# keyholdd restarts five times under 16 connections: handshakes fail only while it is down, and no worker notices.
. "$(dirname "$0")/lib.sh"

# The sanitized build says the same in less time; it is slower at everything else.
seconds=60
[ -z "$SANITIZER" ] || seconds=20
restarts=5 connections=16

start_daemon
need_provider
make_ca
"$KEYHOLD" cert issue web --ca internal --san localhost --out "$T/tls" >/dev/null
port=$(free_port)
start_nginx "$port" "$T/tls/web.crt" "$T/tls/web.key"

load() {
	"$HERE/handshakes.py" "$port" "$T/root.pem" "$connections" "$1"
}

# descriptors and resident kilobytes of each worker, in one line
measure() {
	local pid
	for pid in $(nginx_workers); do
		echo -n "$(find "/proc/$pid/fd" -mindepth 1 | wc -l) $(awk '/^VmRSS/ { print $2 }' "/proc/$pid/status") "
	done
}

say "warming up"
load 3 >"$T/warm"
grep -q '^done [1-9][0-9]* 0$' "$T/warm" || fail "before any restart: $(tail -3 "$T/warm")"
sleep 0.5
workers=$(nginx_workers | paste -sd' ')
before=$(measure)

load "$seconds" >"$T/load" &
load_pid=$!
PIDS+=("$load_pid")
for ((i = 0; i < restarts; i++)); do
	sleep "$((seconds / (restarts + 1)))"
	began=$(date +%s.%N)
	stop_daemon
	sleep 1
	start_daemon
	echo "$began $(date +%s.%N)" >>"$T/down"
done
wait "$load_pid"
sleep 0.5
after=$(measure)

tail -1 "$T/load" | sed 's/^/-- handshakes, failed: /'
[ "$(nginx_workers | paste -sd' ')" = "$workers" ] || fail "the workers were $workers and are $(nginx_workers | paste -sd' ')"
! grep -E 'exited on signal|worker process [0-9]+ exited' "$T/nginx.log" || fail "a worker died"
grep -q '^done [1-9][0-9][0-9]* [1-9]' "$T/load" || fail "nothing failed, so the daemon was never away: $(tail -1 "$T/load")"

# A failure is explained by a window that it overlaps.
perl -e '
	open my $d, "<", $ARGV[0] or die; my @down = map { [split] } <$d>;
	open my $l, "<", $ARGV[1] or die;
	while (<$l>) {
		my (undef, $began, $ended, $why) = /^(failed) (\S+) (\S+) (.*)/ or next;
		grep { $began <= $_->[1] && $ended >= $_->[0] } @down
			or print "$began to $ended: $why\n" and $bad++;
	}
	exit($bad ? 1 : 0)' "$T/down" "$T/load" || fail "handshakes failed while keyholdd was up"

say "descriptors and resident KiB of the two workers: $before before, $after after"
read -r fd1 kib1 fd2 kib2 <<<"$before"
read -r now_fd1 now_kib1 now_fd2 now_kib2 <<<"$after"
# A worker holds a connection or two to the daemon, whichever it used last.
[ "$((now_fd1 + now_fd2 - fd1 - fd2))" -le 2 ] || fail "descriptors grew"
[ "$((now_kib1 + now_kib2 - kib1 - kib2))" -le 2048 ] || [ -n "$SANITIZER" ] || fail "memory grew"
