#!/usr/bin/env bash
# With a fast clock 90 days pass in a minute: a certificate expires, CRLs are made in time, and after a
# restart time goes on from where it was.
. "$(dirname "$0")/lib.sh"
command -v curl >/dev/null || skip "no curl"

RATE=129600 # a day and a half in each second

# clock_of_daemon: in seconds since 1970.
clock_of_daemon() {
	api GET /v1/clock
	[ "$STATUS" = 200 ] || fail "status $STATUS for the clock"
	date -ud "$(grep -oP '"now":"\K[^"]+' "$T/body")" +%s
}

say "a daemon whose clock is not the world's"
DAEMON_OPTIONS=(--clock-rate "$RATE")
start_daemon
expect_text "event=clock.rehearses" "$T/keyholdd.log"
expect_text "rate=$RATE" "$T/keyholdd.log"
expect_text "A rehearsal: " "$T/keyholdd.log"
"$KEYHOLD" status >"$T/out"
expect_text "a rehearsal: time passes $RATE times as fast" "$T/out"
"$KEYHOLD" --json status >"$T/out"
expect_text "\"rate\": $RATE" "$T/out"
make_ca

say "a certificate of 90 days"
"$KEYHOLD" cert issue web --ca internal --san localhost --days 90 --out "$T/tls" >/dev/null
serial=$(openssl x509 -in "$T/tls/web.crt" -noout -serial | cut -d= -f2 | tr 'A-F' 'a-f')
begin=$(clock_of_daemon)
end=$(date -ud "$(openssl x509 -in "$T/tls/web.crt" -noout -enddate | cut -d= -f2)" +%s)
[ "$end" -gt "$begin" ] || fail "it ended before it was there"
"$KEYHOLD" cert show "$serial" >"$T/out"
expect_text "valid" "$T/out"

say "until it has expired there is always a CRL that holds"
crls=0 last='' now=$begin
while [ "$now" -le "$end" ]; do
	now=$(clock_of_daemon)
	api GET /v1/issuers/internal/crl -H 'Accept: application/x-pem-file'
	[ "$STATUS" = 200 ] || fail "status $STATUS for the CRL"
	openssl crl -in "$T/body" -noout -crlnumber -nextupdate >"$T/crl"
	next=$(date -ud "$(grep -oP 'nextUpdate=\K.*' "$T/crl")" +%s)
	[ "$next" -gt "$now" ] || fail "the CRL ended at $(date -ud "@$next"), and it is $(date -ud "@$now")"
	number=$(grep -oP 'crlNumber=\K.*' "$T/crl")
	[ "$number" = "$last" ] || crls=$((crls + 1))
	last=$number
	[ $((now - begin)) -lt $((400 * 86400)) ] || fail "the certificate does not expire"
	sleep 0.1
done
[ "$crls" -ge 20 ] || fail "no more than $crls CRLs in 90 days"
"$KEYHOLD" cert show "$serial" >"$T/out"
expect_text "expired" "$T/out"
say "$crls CRLs in $(((now - begin) / 86400)) days"

say "after a restart time goes on from where it was, at another pace"
now=$(clock_of_daemon)
stop_daemon
: >"$T/keyholdd.log"
DAEMON_OPTIONS=(--clock-rate 1)
start_daemon
later=$(clock_of_daemon)
[ "$later" -ge "$now" ] || fail "it was $(date -ud "@$now"), and is $(date -ud "@$later")"
[ "$later" -lt $((now + 30 * 86400)) ] || fail "time passed while the daemon was stopped: $(date -ud "@$later")"
"$KEYHOLD" status >"$T/out"
expect_text "a rehearsal: time passes 1 times as fast" "$T/out"
wait_for "a signed end" "$KEYHOLD" audit verify
# What it had to do in time of the world did not stop: a signature, with a deadline of seconds.
"$KEYHOLD" cert issue again --ca internal --san localhost --out "$T/tls" >/dev/null
stop_daemon

say "without the option the clock is the world's"
DAEMON_OPTIONS=()
start_daemon
[ "$(clock_of_daemon)" -le "$(date +%s)" ] || fail "the clock is ahead of the world's"
"$KEYHOLD" status >"$T/out"
! grep -q rehearsal "$T/out" || fail "status speaks of a rehearsal"
stop_daemon
