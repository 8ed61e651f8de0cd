#!/usr/bin/env bash
# No private key lies in a file or in the proxy's memory: only in the token's own store.
. "$(dirname "$0")/lib.sh"

start_daemon
need_provider
make_ca
for type in ec-p256 rsa-2048 ed25519; do
	"$KEYHOLD" cert issue "web-$type" --type "$type" --ca internal --san localhost \
		--out "$T/tls" >/dev/null
done
port=$(free_port)
start_nginx "$port" "$T/tls/web-rsa-2048.crt" "$T/tls/web-rsa-2048.key"
handshake "$port" 1.3 >/dev/null

say "the scanner finds keys where there are some"
mkdir "$T/known"
openssl genrsa -traditional -out "$T/known/rsa.pem" 2048 2>/dev/null
openssl ecparam -name prime256v1 -genkey -noout -out "$T/known/ec.pem" 2>/dev/null
openssl genpkey -algorithm ed25519 -out "$T/known/ed.pem"
for f in rsa ec ed; do
	openssl pkey -in "$T/known/$f.pem" -outform DER -out "$T/known/$f.p8"
done
openssl rsa -in "$T/known/rsa.pem" -traditional -outform DER -out "$T/known/rsa.der" 2>/dev/null
openssl ec -in "$T/known/ec.pem" -outform DER -out "$T/known/ec.der" 2>/dev/null
for f in "$T"/known/*; do
	perl "$HERE/find_keys.pl" "$f" >"$T/out" && fail "the scanner overlooks $f"
done

perl -e 'open my $in, "<:raw", $ARGV[0]; local $/; my $key = <$in>; $| = 1; print "ready\n"; sleep 60' \
	"$T/known/rsa.der" >"$T/holder.out" &
PIDS+=("$!")
wait_for "a process with a key in its memory" grep -q ready "$T/holder.out"
perl "$HERE/find_keys.pl" --memory "$!" >"$T/out" && fail "the scanner overlooks a key in memory"

say "and none outside the token's store"
perl "$HERE/find_keys.pl" "$T/dev/state" "$T/dev/keyhold.yaml" "$T/dev/pin" "$T/dev/so-pin" \
	"$T/dev/token/softhsm2.conf" "$T/keyholdd.log" "$T/tls" "$T/nginx.conf" "$T/nginx" "$T/root.pem" ||
	fail "a private key in a file"

say "nor in the memory of nginx"
for pid in "$NGINX_PID" $(nginx_workers); do
	perl "$HERE/find_keys.pl" --memory "$pid" || fail "a private key in process $pid"
done

# SoftHSM works in keyholdd's own memory: only the PIN is to be looked for there, by a scanner that finds it elsewhere.
if [ -z "$SANITIZER" ]; then
	say "nor is the PIN in the memory of keyholdd"
	perl -e 'open my $in, "<", $ARGV[0]; my $pin = <$in>; $| = 1; print "ready\n"; sleep 60' "$T/dev/pin" >"$T/pin.out" &
	PIDS+=("$!")
	wait_for "a process with the PIN in its memory" grep -q ready "$T/pin.out"
	perl "$HERE/find_keys.pl" --memory "$!" "$T/dev/pin" >"$T/out" && fail "the scanner overlooks a PIN in memory"
	expect_text "the text" "$T/out"
	perl "$HERE/find_keys.pl" --memory "$DAEMON_PID" "$T/dev/pin" >"$T/out" || true
	expect_text "looked through" "$T/out"
	! grep "the text" "$T/out" || fail "the PIN is in the memory of keyholdd"
else
	say "SKIPPED: a sanitizer keeps what was freed, the PIN too"
fi
