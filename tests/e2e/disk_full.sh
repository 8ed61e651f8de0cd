#!/usr/bin/env bash
# A disk without room, or a limit on files: nothing is done that cannot be recorded, the answer says why, and all goes on by itself.
. "$(dirname "$0")/lib.sh"

state=$T/dev/state
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$T/client.key" -out "$T/client.csr" \
	-subj /CN=a.example -addext subjectAltName=DNS:a.example 2>"$T/openssl.log"
head -c 64 /dev/urandom >"$T/message"

issue() {
	api POST "/v1/issuers/internal/certificates?profile=server" -H 'Content-Type: application/pkcs10' \
		-H 'Accept: application/json' --data-binary "@$T/client.csr"
}

sign() {
	api POST "/v1/keys/papers/sign?scheme=ecdsa_secp256r1_sha256" -H 'Content-Type: application/octet-stream' --data-binary "@$T/message"
}

expect_no_room() {
	expect_problem 507
	expect_text urn:keyhold:error:storage "$T/body"
	expect_text "the disk is full" "$T/body"
}

# Serials are reserved in stocks, and commits may fit what room there is.
until_refused() {
	local i
	for ((i = 0; i < 400; i++)); do
		issue
		[ "$STATUS" = 201 ] || return 0
		issued=$((issued + 1))
	done
	fail "it is never full"
}

# check STARVE FEED
check() {
	local serial number
	issue
	[ "$STATUS" = 201 ] || fail "status $STATUS: $(cat "$T/body")"
	issued=$((issued + 1))
	serial=$(sed 's/.*"serial":"\([0-9a-f]*\)".*/\1/' "$T/body")
	api GET /v1/issuers/internal/crl
	number=$(sha256sum <"$T/body")
	"$1"
	until_refused
	expect_no_room
	api POST "/v1/certificates/$serial/revocation" -H 'Content-Type: application/json' -d '{"reason":"superseded"}'
	expect_no_room
	api POST /v1/keys -H 'Content-Type: application/json' -d '{"name":"new","type":"ec-p256","use":"tls"}'
	expect_no_room
	api POST /v1/keys/papers/rotate -H 'Content-Type: application/json' -d '{}'
	expect_no_room
	expect_status 3 "$KEYHOLD" backup "$T/no.db"
	[ ! -e "$T/no.db" ] || fail "half a backup"

	say "what changes nothing goes on"
	sign
	[ "$STATUS" = 200 ] || fail "a signature: $STATUS $(cat "$T/body")"
	api GET "/v1/certificates/$serial"
	expect_text '"valid"' "$T/body"
	api GET /v1/issuers/internal/crl
	[ "$(sha256sum <"$T/body")" = "$number" ] || fail "another CRL"
	[ "$("$KEYHOLD" key left | wc -l)" -le 1 ] || fail "left on the token: $("$KEYHOLD" key left)"

	say "with room again all goes on"
	"$2"
	issue
	[ "$STATUS" = 201 ] || fail "status $STATUS: $(cat "$T/body")"
	issued=$((issued + 1))
	api POST "/v1/certificates/$serial/revocation" -H 'Content-Type: application/json' -d '{"reason":"superseded"}'
	[ "$STATUS" = 200 ] || fail "status $STATUS: $(cat "$T/body")"
	"$KEYHOLD" key create "new-$1" --use tls >/dev/null
	"$KEYHOLD" key delete "new-$1" --yes >/dev/null
	"$KEYHOLD" audit verify >/dev/null || fail "the record does not verify"
	[ "$("$KEYHOLD" cert list --ca internal --limit 0 --json | grep -c '"serial"')" -eq "$issued" ] ||
		fail "$issued certificates were received"
}

fill_disk() {
	cat /dev/zero >"$state/fill" 2>/dev/null || true
}

empty_disk() {
	rm "$state/fill"
}

# Not over what the largest of its files has: the write-ahead log.
limit_files() {
	prlimit --pid "$DAEMON_PID" --fsize="$(stat -c %s "$state/keyhold.db-wal")":unlimited
}

lift_limit() {
	prlimit --pid "$DAEMON_PID" --fsize=unlimited:unlimited
}

run() {
	issued=0
	start_daemon
	make_ca
	wait_for "a CRL" "$KEYHOLD" ca crl internal
	"$KEYHOLD" key create papers --use sign >/dev/null
	check "$@"
	"$1"
	until_refused
	stop_daemon
	expect_text "event=audit.failed action=daemon.stopped" "$T/keyholdd.log"
}

if [ -n "$SANITIZER" ] || [ "$(id -u)" -ne 0 ] || ! mkdir -p "$state" || ! mount -t tmpfs -o size=3m,mode=0700 keyhold "$state" 2>"$T/mount"; then
	say "no file system of its own: $(cat "$T/mount" 2>/dev/null)"
else
	say "a disk of 3 MiB"
	trap 'umount "$state"; finish' EXIT
	run fill_disk empty_disk
	umount "$state"
	trap finish EXIT
	rm -r "${T:?}/dev"
fi

say "a limit on the size of files"
# Ignored it is inherited, and a write fails instead.
trap '' XFSZ
run limit_files lift_limit
