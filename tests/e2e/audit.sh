#!/bin/bash
# The audit record has everything that was done or refused, and whatever somebody does to
# it in the database file is found, with the number of the entry.
. "$(dirname "$0")/lib.sh"
command -v sqlite3 >/dev/null || skip "no sqlite3"
command -v curl >/dev/null || skip "no curl"
type -P softhsm2-util >/dev/null || skip "softhsm2-util is missing; install softhsm2"

# With libasan preloaded curl hangs.
call() {
	env -u LD_PRELOAD curl -sS -o "$T/answer" -w '%{http_code}' --unix-socket "$KEYHOLD_SOCKET" \
		"${@:2}" "http://localhost$1"
}

DB=$T/dev/state/keyhold.db
db() {
	sqlite3 -cmd '.timeout 5000' "$DB" "$@"
}

# verify_says TEXT [ARGUMENT...]: it does not hold, and TEXT (a pattern) is why.
verify_says() {
	expect_status 5 "$KEYHOLD" audit verify "${@:2}"
	grep -qE -- "$1" "$T/out" || {
		cat "$T/out" >&2
		fail "verify does not say \"$1\""
	}
}

# start_each: with an entry for each signature, and a signed head each second.
start_each() {
	{ cat "$T/dev/keyhold.yaml" && echo 'audit: { tls: each, head_interval_s: 1 }'; } >"$T/each.yaml"
	SOFTHSM2_CONF=$T/dev/token/softhsm2.conf "$KEYHOLDD" --config "$T/each.yaml" >>"$T/keyholdd.log" 2>&1 &
	DAEMON_PID=$!
	PIDS+=("$DAEMON_PID")
	wait_for "keyholdd's answer" "$KEYHOLD" status
}

# sign KEY
sign() {
	call "/v1/keys/$1/sign?scheme=ecdsa_secp256r1_sha256" -X POST \
		-H 'Content-Type: application/octet-stream' --data-binary x
}

# without_room TABLE COMMAND...: it fails, as the daemon cannot write to the table.
without_room() {
	db "CREATE TRIGGER full BEFORE INSERT ON $1 BEGIN SELECT RAISE(ABORT, 'no room'); END"
	expect_status 3 "${@:2}"
	db "DROP TRIGGER full"
}

# What is written like a kind of entry, but for the log's events, settings and files.
kinds_in_code() {
	# shellcheck disable=SC2016 # it is Perl's
	find "$HERE"/../../{api,ca,pkcs11,service,store} -name '*.c' ! -path '*/service/config*' \
		! -path '*/service/cage*' ! -path '*/service/dev.c' -print0 |
		xargs -0 perl -0777 -ne 's{/\*.*?\*/}{}gs; s/\blog_\w+\(\s*"[^"]*"//g;
			print "$1\n" while /"([a-z]+\.[a-z-]+)"/g' | sort -u
}

say "one of each kind of operation"
start_daemon
make_ca
"$KEYHOLD" backup "$T/backup.db" >"$T/out"
stop_daemon
"$KEYHOLDD" --config "$T/dev/keyhold.yaml" --restore "$T/backup.db" --force >"$T/out"
start_daemon
"$KEYHOLD" token check --type ec-p256 >"$T/out"
"$KEYHOLD" token create deploy --out "$T/deploy.token" >"$T/out"
"$KEYHOLD" token revoke deploy >"$T/out"
"$KEYHOLD" key create web --type ec-p256 --use tls >"$T/out"
"$KEYHOLD" key create signer --type ec-p256 --use sign >"$T/out"
"$KEYHOLD" key rotate signer >"$T/out"
"$KEYHOLD" key rotate keyhold-audit >"$T/out"
old=$(db "SELECT lower(hex(spki_sha256)) FROM keys WHERE name = 'signer' AND replaced IS NOT NULL")
"$KEYHOLD" key delete "spki:$old" --yes >"$T/out"
"$KEYHOLD" cert issue leaf --ca internal --san a.example --out "$T/leaf" >"$T/out"
serial=$(db "SELECT object FROM audit WHERE action = 'certificate.issued' ORDER BY seq DESC LIMIT 1")
"$KEYHOLD" cert revoke "$serial" --reason superseded >"$T/out"
# Later it would be an entry behind the newest head.
revoked_crl() {
	[ "$(db "SELECT count(*) FROM audit WHERE action = 'crl.published' AND object = 'internal'")" -ge 2 ]
}
wait_for "a CRL with the revocation" revoked_crl
"$KEYHOLD" key block "spki:$(printf '%064d' 0)" --reason test >"$T/out"
"$KEYHOLD" key unblock "spki:$(printf '%064d' 0)" >"$T/out"
"$KEYHOLD" ca set internal --crl-url http://crl.example/internal.crl >"$T/out"
"$KEYHOLD" profile show server >"$T/profile.yaml"
"$KEYHOLD" profile set short "$T/profile.yaml" >"$T/out"
"$KEYHOLD" profile show short | sed 's|_validity_seconds:.*|_validity_seconds: 3600|' >"$T/shorter.yaml"
"$KEYHOLD" profile set short "$T/shorter.yaml" >"$T/out"
"$KEYHOLD" profile delete short >"$T/out"
"$KEYHOLD" managed add site --san site.example --ca internal --out "$T/site" >"$T/out"
"$KEYHOLD" managed change site --verify localhost:443 >"$T/out"
"$KEYHOLD" managed renew site >"$T/out"
# report MEMBERS: as the agent does.
report() {
	local revision
	revision=$("$KEYHOLD" --json managed show site | grep -oP '"revision": \K[0-9]+')
	[ "$(call /v1/managed/site/state -X PUT -H 'Content-Type: application/json' \
		-d "{\"revision\":$revision,\"step\":\"idle\",$1}")" = 200 ] || fail "no report: $(cat "$T/answer")"
}
report '"last_error":"no token","outcome":"failed"'
report '"last_error":"not served","outcome":"rolled-back"'
report '"serial":"0a","not_before":"2030-01-01T00:00:00Z","not_after":"2030-04-01T00:00:00Z","outcome":"renewed"'
"$KEYHOLD" managed remove site >"$T/out"
without_room issuers "$KEYHOLD" ca create withdrawn
"$KEYHOLD" key create kex --type rsa-2048 --use tls-rsa-kex >"$T/out"
# More than enter singly, even where a minute of the recorder's ends among them.
for ((i = 0; i < 25; i++)); do
	[ "$(sign web)" = 403 ] || fail "not refused"
done
for ((i = 0; i < 3; i++)); do
	[ "$(sign signer)" = 200 ] || fail "not signed"
done

say "a CA from elsewhere, and one for which elsewhere signs"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$T/outside.key" -days 30 \
	-subj "/CN=outside" -addext keyUsage=critical,keyCertSign,cRLSign -out "$T/outside.pem" 2>"$T/out"
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$T/old.key" \
	-subj "/CN=old.example" -out "$T/old.csr" 2>"$T/out"
openssl x509 -req -in "$T/old.csr" -CA "$T/outside.pem" -CAkey "$T/outside.key" -days 20 -out "$T/old.pem" 2>"$T/out"
openssl pkcs8 -topk8 -nocrypt -in "$T/outside.key" -out "$T/outside.p8"
SOFTHSM2_CONF=$T/dev/token/softhsm2.conf softhsm2-util --import "$T/outside.p8" --token keyhold-dev --label outside \
	--id 6f757473 --pin "$(cat "$T/dev/pin")" >"$T/out"
"$KEYHOLD" key adopt outside --use ca >"$T/out"
"$KEYHOLD" ca import outside --certificate "$T/outside.pem" >"$T/out"
"$KEYHOLD" cert revoke --file "$T/old.pem" >"$T/out"
"$KEYHOLD" ca rotate outside --name inside >"$T/out"
"$KEYHOLD" ca create pending --external --subject "/CN=pending" >"$T/out"
"$KEYHOLD" ca csr pending --out "$T/pending.csr"
printf '%s\n' subjectKeyIdentifier=hash authorityKeyIdentifier=keyid basicConstraints=critical,CA:TRUE \
	keyUsage=critical,keyCertSign,cRLSign >"$T/ca.ext"
openssl x509 -req -in "$T/pending.csr" -CA "$T/outside.pem" -CAkey "$T/outside.key" -days 10 \
	-extfile "$T/ca.ext" -out "$T/pending.pem" 2>"$T/out"
"$KEYHOLD" ca install pending --certificate "$T/pending.pem" >"$T/out"
stop_daemon

say "a PIN that is refused"
sed "s|^  pin_file:.*|  pin_file: $T/wrong-pin|" "$T/dev/keyhold.yaml" >"$T/wrong.yaml"
install -m 600 /dev/null "$T/wrong-pin"
echo 000000 >"$T/wrong-pin"
! SOFTHSM2_CONF=$T/dev/token/softhsm2.conf "$KEYHOLDD" --config "$T/wrong.yaml" >"$T/out" 2>&1 ||
	fail "started with a wrong PIN"

say "an issuer's certificate that is not in the record, as in stores of old"
db "DELETE FROM certificates WHERE profile = 'intermediate'"

say "an entry for each signature, and an end that was changed while the daemon ran"
start_each
kill -HUP "$DAEMON_PID"
wait_for_text event=access.reloaded "$T/keyholdd.log"
[ "$(sign signer)" = 200 ] || fail "not signed"
printf '\0%255s' '' >"$T/ciphertext"
[ "$(call '/v1/keys/kex/decrypt?scheme=rsa_pkcs1_tls' -X POST \
	-H 'Content-Type: application/octet-stream' --data-binary "@$T/ciphertext")" = 200 ] || fail "not decrypted"
is_signed() {
	[ "$(db "SELECT max(seq) FROM audit_heads")" = "$(db "SELECT max(seq) FROM audit")" ]
}
# Changed after the daemon signed it and before it looks at it again, then put back.
notices() {
	local head hash i
	wait_for "a signed end" is_signed
	"$KEYHOLD" key block "spki:$(printf '%064d' "$1")" --reason test >"$T/out"
	head=$(db "SELECT max(seq) - 1 FROM audit")
	hash=$(db "SELECT hex(hash) FROM audit WHERE seq = $head; UPDATE audit SET hash = x'00' WHERE seq = $head")
	for ((i = 0; i < 30; i++)); do
		grep -q event=audit.tampered "$T/keyholdd.log" && break
		sleep 0.05
	done
	db "UPDATE audit SET hash = x'$hash' WHERE seq = $head"
	grep -q event=audit.tampered "$T/keyholdd.log"
}
notices 1 || notices 2 || notices 3 || fail "a running daemon does not notice"
stop_daemon
: >"$T/keyholdd.log"
start_daemon

expect_entry() {
	[ "$(db "SELECT count(*) > 0 FROM audit WHERE $1")" = 1 ] || {
		db "SELECT seq, actor, action, object, outcome, request, detail FROM audit" >&2
		fail "no entry with $1"
	}
}
expect_entry "action = 'token.login' AND outcome = 'ok'"
expect_entry "action = 'token.login' AND outcome = 'refused'"
expect_entry "action = 'signatures.counted' AND object = 'signer' AND outcome = 'ok' AND
	detail = 'scheme=ecdsa_secp256r1_sha256 count=3' AND actor = 'uid:$(id -u)'"
expect_entry "action = 'signatures.counted' AND object = 'web' AND outcome = 'refused' AND
	detail LIKE '%count=25'"
expect_entry "action = 'request.refused' AND request <> '' AND detail LIKE 'method=POST why=%'"
expect_entry "action = 'requests.counted' AND outcome = 'refused'"
expect_entry "action = 'daemon.started' AND detail LIKE '%config_sha256=$(sha256sum "$T/dev/keyhold.yaml" | cut -c1-64)'"

say "every kind that the daemon can write is there, and described"
kinds_in_code >"$T/kinds"
[ "$(wc -l <"$T/kinds")" -gt 30 ] || fail "the kinds in the code: $(cat "$T/kinds")"
while read -r action; do
	expect_entry "action = '$action'"
	grep -qE "^\| .*\`(${action%.*}.*\`?)?\.?${action#*.}\`.* \|" "$HERE/../../docs/audit.md" ||
		fail "docs/audit.md does not have $action"
done <"$T/kinds"

say "it holds: here, exported, with the key of the beginning, and with a head of before"
"$KEYHOLD" --json audit verify | grep -q '"holds": true' || fail "JSON says something else"
"$KEYHOLD" audit verify >"$T/out"
expect_text "holds: entries" "$T/out"
"$KEYHOLD" audit head >"$T/head.json"
"$KEYHOLD" audit export >"$T/audit.jsonl"
"$KEYHOLD" key public keyhold-audit >"$T/audit.pem"
db "SELECT hex(spki) FROM audit_heads ORDER BY id LIMIT 1" | perl -ne 'chomp; print pack "H*", $_' |
	openssl pkey -pubin -inform DER -out "$T/first.pem"
! cmp -s "$T/first.pem" "$T/audit.pem" || fail "the key of the heads did not change"
for key in audit first; do
	"$KEYHOLD" audit verify --key "$T/$key.pem" --head "$T/head.json" >"$T/out"
	"$KEYHOLD" audit verify "$T/audit.jsonl" --key "$T/$key.pem" --head "$T/head.json" >"$T/out"
done
"$KEYHOLD" audit tail -n 3 >"$T/out"
[ "$(wc -l <"$T/out")" -eq 3 ] || fail "audit tail -n 3: $(cat "$T/out")"
"$KEYHOLD" audit tail -n 2 --action issuer --actor "uid:$(id -u)" --since 2020-01-31 >"$T/out"
[ "$(grep -c '  issuer\.' "$T/out")" -eq 2 ] || fail "audit tail --action issuer: $(cat "$T/out")"
expect_text "issuer.installed" "$T/out"
"$KEYHOLD" audit tail --object nothing >"$T/out"
[ ! -s "$T/out" ] || fail "audit tail --object nothing: $(cat "$T/out")"
expect_status 2 "$KEYHOLD" audit tail --until tomorrow
openssl ecparam -name P-256 -genkey -noout | openssl pkey -pubout -out "$T/other.pem"
verify_says "signed by key [0-9a-f]{64}, which is neither trusted" --key "$T/other.pem"
verify_says "signed by key [0-9a-f]{64}, which is neither trusted" "$T/audit.jsonl" --key "$T/other.pem"

say "each field of each kind of entry"
db ".backup $T/good.db"
restore() {
	db "ATTACH '$T/good.db' AS good; BEGIN IMMEDIATE; DELETE FROM audit; DELETE FROM audit_heads;
		INSERT INTO audit SELECT * FROM good.audit;
		INSERT INTO audit_heads SELECT * FROM good.audit_heads; COMMIT"
}
tampered=0
# tamper PATTERN SQL
tamper() {
	db "$2"
	verify_says "$1"
	tampered=$((tampered + 1))
	restore
}
# verify_names WHAT SEQ...: it names each of these.
verify_names() {
	local seq
	expect_status 5 "$KEYHOLD" audit verify
	for seq in "${@:2}"; do
		grep -q "^entry $seq: " "$T/out" || {
			cat "$T/out" >&2
			fail "verify does not name entry $seq, with $1"
		}
	done
	tampered=$((tampered + $# - 1))
	restore
}
last=$(db "SELECT max(seq) FROM audit")
# Apart from each other, so that what is wrong with one does not hide another.
mapfile -t kinds < <(db "SELECT min(seq) FROM audit GROUP BY action, outcome ORDER BY 1")
for ((turn = 0; turn < 3; turn++)); do
	group=()
	for ((i = turn; i < ${#kinds[@]}; i += 3)); do
		group+=("${kinds[i]}")
	done
	list=$(IFS=, && echo "${group[*]}")
	for change in "time = time + 1" "actor = actor || 'x'" "action = 'key.created '" "object = 'x' || object" \
		"outcome = 'fine'" "request = request || '1'" "detail = detail || char(0) || 'x'" \
		"version = 1" "hash = randomblob(32)" "hash = x'00'"; do
		db "UPDATE audit SET $change WHERE seq IN ($list)"
		verify_names "$change" "${group[@]}"
	done
	db "DELETE FROM audit WHERE seq IN ($list)"
	verify_names "removed" "${group[@]}"
done
for seq in "${kinds[@]}"; do
	tamper "^entry $seq: missing|^entries $seq to " "UPDATE audit SET seq = $last + 50 WHERE seq = $seq"
	tamper "^entries $seq to $last: missing at the end|^entry $seq: missing at the end" \
		"DELETE FROM audit WHERE seq >= $seq"
done
"$KEYHOLD" audit verify >"$T/out"

say "entries that changed places, or were put in"
other=$((last / 2))
next=$((other + 1))
columns="time, actor, action, object, detail, hash, version, outcome, request"
tamper "^entry $other: .*" "BEGIN; UPDATE audit SET seq = -1 WHERE seq = $other;
	UPDATE audit SET seq = $other WHERE seq = $next; UPDATE audit SET seq = $next WHERE seq = -1; COMMIT"
tamper "^entry $next: was entry $other" "BEGIN; UPDATE audit SET seq = -1 WHERE seq = $other;
	UPDATE audit SET seq = $other WHERE seq = $next; UPDATE audit SET seq = $next WHERE seq = -1; COMMIT"
tamper "^entry $next: was entry $other; an entry before it was inserted" "BEGIN;
	UPDATE audit SET seq = -seq WHERE seq >= $other; UPDATE audit SET seq = -seq + 1 WHERE seq < 0;
	INSERT INTO audit (seq, $columns) SELECT $other, $columns FROM audit WHERE seq = 2; COMMIT"
tamper "^entry 0: inserted" "INSERT INTO audit (seq, $columns) SELECT 0, $columns FROM audit WHERE seq = 2"
tamper "^entry $((last + 1)): " "INSERT INTO audit (seq, $columns) SELECT $last + 1, $columns FROM audit WHERE seq = 2"
tamper "^entry $((other + 1)): was entry $((other + 2)); an entry before it was removed" "BEGIN;
	DELETE FROM audit WHERE seq = $other; UPDATE audit SET seq = -seq WHERE seq > $other;
	UPDATE audit SET seq = -seq - 1 WHERE seq < 0; COMMIT"
tamper "^heads: missing" "DELETE FROM audit_heads"
tamper "^head of entry [0-9]+: changed" "UPDATE audit_heads SET signature = randomblob(70) WHERE id = 2"
tamper "^head of entry [0-9]+: changed" "UPDATE audit_heads SET time = time + 1 WHERE id = 2"
tamper "^head of entry [0-9]+: changed" "UPDATE audit_heads SET spki = x'' WHERE id = 2"

say "a tail that was cut off with its heads shows by a head that was kept"
db "DELETE FROM audit WHERE seq > $other; DELETE FROM audit_heads WHERE seq > $other"
verify_says "^entries $next to $last: missing at the end" --head "$T/head.json"
restore

say "an export that was edited"
edited() {
	"$2" "${@:3}" "$T/audit.jsonl" >"$T/edited.jsonl"
	verify_says "$1" "$T/edited.jsonl" --key "$T/audit.pem"
}
edited "^entry 5: changed" sed 's/^\({"seq":5,.*"object":"\)/\1x/'
edited "^entry 5: missing" sed '/^{"seq":5,/d'
edited "^entry 4: out of order, after entry 5" sed '/^{"seq":4,/{h;d};/^{"seq":5,/G'
edited "^entry 5: out of order, after entry 5" sed '/^{"seq":5,/p'
edited "^entr.* missing at the end" sed '/^{"seq":[0-9][0-9]/d'
edited "^line 1: neither" sed '1s/^/not JSON/'
head -n 8 "$T/audit.jsonl" >"$T/cut.jsonl"
verify_says "missing at the end" "$T/cut.jsonl" --head "$T/head.json"
stop_daemon
expect_text "event=daemon.stopped" "$T/keyholdd.log"
! grep -q "event=audit\." "$T/keyholdd.log" || fail "$(grep "event=audit\." "$T/keyholdd.log")"

say "a start after the end was cut off says so"
db "DELETE FROM audit WHERE seq > $other"
start_daemon
wait_for_text "event=audit.tampered" "$T/keyholdd.log"
verify_says "^entry|^entries"
stop_daemon

say "with each signature an entry, none is given that could not be entered"
cp "$T/good.db" "$DB"
rm -f "$DB"-wal "$DB"-shm
start_each
[ "$(sign signer)" = 200 ] || fail "not signed"
expect_entry "action = 'signature.made' AND object = 'signer' AND request <> ''"
db "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no room'); END"
[ "$(sign signer)" = 503 ] || fail "signed without an entry"
expect_text "urn:keyhold:error:unrecorded" "$T/answer"
expect_status 3 "$KEYHOLD" key create unrecorded --type ec-p256 --use sign
db "DROP TRIGGER full"
[ "$(sign signer)" = 200 ] || fail "not signed after there was room again"
wait_for "a signed head" "$KEYHOLD" audit verify
"$KEYHOLD" audit verify --key "$T/audit.pem" >"$T/out"
stop_daemon
say "$tampered changes of the database were found"
