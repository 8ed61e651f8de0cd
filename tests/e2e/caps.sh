#!/usr/bin/env bash
# A rule may say how often and how many at a time; who asks more is told when to come back.
. "$(dirname "$0")/lib.sh"
. "$HERE/rules.sh"

start_daemon
"$KEYHOLD" key create web --use sign >/dev/null
"$KEYHOLD" key create slow --type rsa-4096 --use sign >/dev/null
"$KEYHOLD" token create deploy --out "$T/deploy.token" >/dev/null
stop_daemon
give_away
start_with "access:
  - { who: \"unix:$WORKER_USER\", may: [use], keys: [web], rate: \"5/h\" }
  - { who: \"unix:group:60200\", may: [use], keys: [web], rate: \"7/h\" }
  - { who: \"token:deploy\", may: [use], keys: [slow], concurrent: 1 }"

# SOCKET CONNECTIONS PATH [HEADER]: so many requests for a signature at once, and how many had which status.
cat >"$T/at_once.pl" <<'PERL'
use IO::Socket::UNIX;
alarm 60;
my ($path, $count, $target, $header) = @ARGV;
my %statuses;
my @connections = map { IO::Socket::UNIX->new($path) or die "connect: $!" } 1 .. $count;
for (@connections) {
	syswrite $_, "POST $target HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\n"
	    . ($header ? "$header\r\n" : '') . "Content-Length: 5\r\n\r\nhello" or die "send: $!";
}
for my $s (@connections) {
	my $head = '';
	$head .= <$s> // die "no answer" until $head =~ /\r\n\r\n/;
	my ($status) = $head =~ /^HTTP\/1\.1 (\d+)/;
	die "429 without Retry-After" if $status == 429 && $head !~ /^Retry-After: [1-9]/mi;
	$statuses{$status}++;
}
print join(' ', map { "$_:$statuses{$_}" } sort keys %statuses), "\n";
PERL
WEB='/v1/keys/web/sign?scheme=ecdsa_secp256r1_sha256'
SLOW='/v1/keys/slow/sign?scheme=rsa_pss_rsae_sha256'

# at_once WANTED USER...: of 16 requests.
at_once() {
	local want=$1 got
	shift
	got=$("$@" perl "$T/at_once.pl" "$KEYHOLD_SOCKET" 16 "$WEB")
	[ "$got" = "$want" ] || fail "$got instead of $want"
}

say "five an hour are five of sixteen that come at once"
at_once "200:5 429:11" "${AS_WORKER[@]}"
AS=("${AS_WORKER[@]}")
ask 429 POST "$WEB" -H 'Content-Type: application/octet-stream' -d hello
expect_text 'urn:keyhold:error:rate-limited' "$T/out"
ask 200 GET /healthz
[ "$(grep -c "event=rule.exhausted .*actor=uid:$(id -u "$WORKER_USER") who=\"unix:$WORKER_USER\"" "$T/keyholdd.log")" -eq 1 ] ||
	fail "not said once in the log"

say "another rule, and another peer of a rule, have their own"
at_once "200:7 429:9" "${AS_READER[@]}"
at_once "200:7 429:9" setpriv --reuid 60045 --regid 60045 --groups 60200
at_once "200:16" env

say "one at a time is one, and its place is given back"
header="Authorization: Bearer $(cat "$T/deploy.token")"
# Requests may happen to come one after the other.
for ((i = 0; i < 20; i++)); do
	statuses=$(perl "$T/at_once.pl" "$KEYHOLD_SOCKET" 16 "$SLOW" "$header")
	[[ $statuses == 200:*\ 429:* ]] && break
done
[[ $statuses == 200:*\ 429:* ]] || fail "not some and some: $statuses"
for ((i = 0; i < 5; i++)); do
	[ "$(perl "$T/at_once.pl" "$KEYHOLD_SOCKET" 1 "$SLOW" "$header")" = "200:1" ] || fail "a place was not given back"
done
[ "$(perl "$T/at_once.pl" "$KEYHOLD_SOCKET" 1 "$WEB" "$header")" = "403:1" ] || fail "a token got what it may not"
stop_daemon

say "what is no rate keeps keyholdd from starting"
write_config "access:
  - { who: \"unix:$WORKER_USER\", may: [read], rate: \"5 a day\" }"
expect_status 3 "${AS_OWN[@]}" "$KEYHOLDD" --config "$T/own.yaml" --check
expect_text 'access[0].rate: "5 a day" is not like 100/s' "$T/out"
