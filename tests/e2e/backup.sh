#!/usr/bin/env bash
# keyhold backup copies a record in use; keyholdd --restore makes a store of it, or says what is wrong with it.
. "$(dirname "$0")/lib.sh"

type -P sqlite3 >/dev/null || skip "sqlite3 is not installed"

db=$T/dev/state/keyhold.db
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$T/client.key" -out "$T/client.csr" \
	-subj /CN=a.example -addext subjectAltName=DNS:a.example 2>"$T/openssl.log"

issue() {
	curl -sS --fail --max-time 20 --unix-socket "$KEYHOLD_SOCKET" -H 'Accept: application/json' \
		-H 'Content-Type: application/pkcs10' --data-binary "@$T/client.csr" \
		"http://localhost/v1/issuers/internal/certificates?profile=server" |
		sed 's/.*"serial":"\([0-9a-f]*\)".*/\1/'
}

crl_number() {
	printf '%d\n' "$("$KEYHOLD" ca crl internal | openssl crl -crlnumber -noout | sed 's/.*=//; s/^0x//; s/^/0x/')"
}

resident() {
	awk '/^VmHWM/ { print $2 }' "/proc/$DAEMON_PID/status"
}

# restore EXIT-STATUS ARGUMENT...
restore() {
	expect_status "$1" "$KEYHOLDD" --config "$T/dev/keyhold.yaml" --restore "${@:2}"
}

start_daemon
make_ca
stop_daemon
# Weight that nobody reads.
sqlite3 "$db" "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 96)
	INSERT INTO crls SELECT 'nobody', i, 0, 1, 0, 0, 0, 0, randomblob(1000000) FROM n"
start_daemon

say "a backup while 4 clients issue"
first=$(issue)
for client in 1 2 3 4; do
	while [ ! -e "$T/enough" ]; do issue; done >"$T/issued.$client" &
	clients+=("$!")
done
wait_for "20 certificates" bash -c "[ \$(cat '$T'/issued.* | wc -l) -gt 20 ]"
before=$(resident)
known=$(cat "$T"/issued.*)
"$KEYHOLD" backup "$T/one.db" >"$T/out"
after=$(resident)
touch "$T/enough"
wait "${clients[@]}"
expect_text "The keys are on the token" "$T/out"
[ "$(stat -c %a "$T/one.db")" = 600 ] || fail "the mode of the backup is $(stat -c %a "$T/one.db")"
[ "$(sqlite3 "$T/one.db" 'PRAGMA integrity_check')" = ok ] || fail "the backup is damaged"
[ -z "$(find "$T" -name "one.db-*" -o -name "keyhold.db.being-*")" ] || fail "something is left beside the backup"
sqlite3 "$T/one.db" "SELECT serial FROM certificates" >"$T/in-backup"
for serial in $first $known; do
	grep -q "^$serial$" "$T/in-backup" || fail "$serial is not in the backup"
done
say "the most memory that the daemon had: $before KiB before a backup of $(stat -c %s "$T/one.db") bytes, $after KiB after it"
[ -n "$SANITIZER" ] || [ $((after - before)) -lt 16384 ] || fail "the daemon grew"

expect_status 4 "$KEYHOLD" backup "$T/one.db"
expect_text "is there already" "$T/out"
"$KEYHOLD" backup - >"$T/two.db"
[ "$(sqlite3 "$T/two.db" 'PRAGMA integrity_check')" = ok ] || fail "the backup on standard output is damaged"
"$KEYHOLD" backup "$T/two.db" --force >/dev/null
"$KEYHOLD" audit tail -n 10000 >"$T/audit"
[ "$(grep -c backup.made "$T/audit")" -eq 3 ] || fail "the record has not 3 backups: $(cat "$T/audit")"

say "what came after it is lost with a restore; no number comes back"
late=$(issue)
"$KEYHOLD" cert revoke "$first" --reason superseded >/dev/null
wait_for "the revocation in the CRL" bash -c "'$KEYHOLD' ca crl internal | openssl crl -noout -text | grep -qi 'Serial Number: 0*$first'"
number=$(crl_number)
restore 7 "$T/two.db" --force
expect_text "in use" "$T/out"
stop_daemon
restore 7 "$T/two.db"
expect_text "is there already" "$T/out"

say "what is no good is refused, and the store stays as it is"
sha256sum "$db" >"$T/sum"
head -c 100000 /dev/urandom >"$T/noise.db"
: >"$T/empty.db"
cp "$T/two.db" "$T/tampered.db"
sqlite3 "$T/tampered.db" "UPDATE audit SET actor = 'uid:77' WHERE seq = 3"
cp "$T/two.db" "$T/newer.db"
sqlite3 "$T/newer.db" "PRAGMA user_version = 99"
cp "$T/two.db" "$T/damaged.db"
dd if=/dev/urandom of="$T/damaged.db" bs=4096 seek=8 count=40 conv=notrunc 2>/dev/null
sqlite3 "$T/other.db" "CREATE TABLE t (i)"
for bad in noise empty tampered newer damaged other absent; do
	restore 7 "$T/$bad.db" --force
	say "$bad: $(cat "$T/out")"
done
restore 7 "$T/newer.db" --force
expect_text "schema version 99" "$T/out"
restore 7 "$T/tampered.db" --force
expect_text "audit record does not hold at entry 3" "$T/out"
sha256sum --quiet -c "$T/sum" || fail "the store has changed"
[ "$(find "$T/dev/state" -name 'keyhold.db?*' ! -name keyhold.db.lock | wc -l)" -eq 0 ] || fail "left: $(ls "$T/dev/state")"

restore 0 "$T/two.db" --force
kept=$(sed -n 's/^the database that was there is //p' "$T/out")
[ "$(sqlite3 "$kept" "SELECT count(*) FROM certificates WHERE serial = '$late'")" = 1 ] || fail "the old store is not $kept"
start_daemon
"$KEYHOLD" audit verify >/dev/null || fail "the record does not verify"
"$KEYHOLD" audit tail -n 10000 >"$T/audit"
expect_text backup.restored "$T/audit"
expect_status 0 "$KEYHOLD" cert show "$first"
expect_text valid "$T/out"
expect_status 1 "$KEYHOLD" cert show "$late"
"$KEYHOLD" cert revoke "$first" --reason superseded >/dev/null
wait_for "a CRL with a number above $number" bash -c "
	[ \$(printf '%d' \$('$KEYHOLD' ca crl internal | openssl crl -crlnumber -noout | sed 's/.*=//; s/^0x//; s/^/0x/')) -gt $number ]"
[ -n "$(issue)" ] || fail "no certificate after the restore"
stop_daemon

say "into a state directory that is not there"
mv "$T/dev/state" "$T/lost"
restore 0 "$T/two.db"
start_daemon
expect_status 0 "$KEYHOLD" cert show "$first"
stop_daemon
