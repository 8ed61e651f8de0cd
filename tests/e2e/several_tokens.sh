#!/usr/bin/env bash
# Two tokens under load. One goes away and comes back: its own keys answer 503 meanwhile, those of the
# other not once, and nginx loses no handshake with a key that is on both. Then a start without it.
. "$(dirname "$0")/lib.sh"

: "${FAULT:?the command, from ctest}" "${FAULTY_MODULE:?}" "${SOFTHSM:?}"
export FAULTY_CONTROL=$T/faults

start_daemon # for its token, PIN and configuration
"$KEYHOLD" key create before --use sign >/dev/null
stop_daemon
export SOFTHSM2_CONF=$T/dev/token/softhsm2.conf
pin=$(cat "$T/dev/pin")
softhsm2-util --init-token --free --label second --pin "$pin" --so-pin 87654321 >/dev/null
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$T/both.p8" 2>/dev/null
for label in keyhold-dev second; do
	softhsm2-util --import "$T/both.p8" --token "$label" --label both --id b07a --pin "$pin" >/dev/null
done
rm "$T/both.p8"
# Another file is another SoftHSM: the one does not see what the other is told.
cp "$SOFTHSM" "$T/softhsm-copy.so"

https=$(free_port)
cat >"$T/two.yaml" <<END
tokens:
  - name: default
    module: $FAULTY_MODULE
    label: keyhold-dev
    pin_file: $T/dev/pin
    reload_pause_ms: 50
    verify_one_in: 1
  - name: firm
    module: $T/softhsm-copy.so
    label: second
    pin_file: $T/dev/pin
listen:
  - { unix: $T/dev/keyhold.sock, mode: "0660", group: $WORKER_GROUP }
  - { https: "127.0.0.1:$https", certificate: own-listener, client_auth: none }
state: $T/dev/state
access: [ { who: "unix:$WORKER_USER", may: [use], keys: ["*"] } ]
cage: { write: [$FAULTY_CONTROL] }
END
touch "$FAULTY_CONTROL"
# start_of NAME: with that configuration.
start_of() {
	"$KEYHOLDD" --config "$T/$1.yaml" >>"$T/keyholdd.log" 2>&1 &
	DAEMON_PID=$!
	PIDS+=("$DAEMON_PID")
	wait_for "keyholdd's answer" "$KEYHOLD" status
}

# sign KEY: the status.
sign() {
	curl -s --max-time 5 -o /dev/null -w '%{http_code}\n' --unix-socket "$KEYHOLD_SOCKET" \
		-H 'Content-Type: application/octet-stream' --data-binary "to be signed" \
		"http://localhost/v1/keys/$1/sign?scheme=ecdsa_secp256r1_sha256" || true
}
signs() {
	[ "$(sign "$1")" = 200 ]
}
refuses() {
	[ "$(sign "$1")" = 503 ]
}

answers_https() {
	curl -sf --max-time 10 --noproxy '*' --cacert "$T/root.pem" -o /dev/null "https://localhost:$https/healthz"
}

"$KEYHOLDD" --config "$T/two.yaml" --check >/dev/null
start_of two
say "keys name their token"
signs before || fail "a key from before the configuration named tokens does not sign"
"$KEYHOLD" key create own --use sign >/dev/null
"$KEYHOLD" key create other --use sign --token firm >/dev/null
"$KEYHOLD" ca create root --token firm >/dev/null
"$KEYHOLD" ca create early >/dev/null
"$KEYHOLD" cert issue own-listener --ca root --san localhost --out "$T/tls" >/dev/null
"$KEYHOLD" ca certificate root >"$T/root.pem"
"$KEYHOLD" key adopt both --use tls --token default >/dev/null
expect_status 1 "$KEYHOLD" key create nowhere --use sign --token none
"$KEYHOLD" key list >"$T/list"
grep -Eq '^own .* default ' "$T/list" || fail "key list does not name the first token"
grep -Eq '^other .* firm ' "$T/list" || fail "key list does not name the second token"
"$KEYHOLD" key left >"$T/left"
! grep -q b07a "$T/left" || fail "a replica is listed as left"
"$KEYHOLD" token show firm >"$T/out"
expect_text second "$T/out"
"$KEYHOLD" token check firm --type ec-p256 >/dev/null
"$KEYHOLD" audit tail -n 100 >"$T/out"
expect_text "token=firm" "$T/out"

need_provider
"$KEYHOLD" cert issue both --ca root --san localhost --out "$T/tls" >/dev/null
port=$(free_port)
start_nginx "$port" "$T/tls/both.crt" "$T/tls/both.key"

"$HERE/handshakes.py" "$port" "$T/root.pem" 4 3600 >"$T/handshakes" &
load_pid=$!
PIDS+=("$load_pid")
(while :; do sign other; done) >"$T/others" &
others_pid=$!
PIDS+=("$others_pid")
sleep 1

say "one token goes away, and comes back"
for trouble in no-token no-slot; do
	"$FAULT" set "$trouble"
	wait_for "503 for a key of the token that is away" refuses own
	api GET /readyz
	[ "$STATUS" = 200 ] || fail "not ready, and one token works"
	expect_text '"state":"away"' "$T/body"
	"$KEYHOLD" status >"$T/out"
	expect_text "default away, firm works" "$T/out"
	expect_status 3 "$KEYHOLD" key delete both --yes
	! answers_https || fail "a handshake of the daemon's own without its key"
	expect_text "event=https.unsigned" "$T/keyholdd.log"
	sleep 1
	"$FAULT" clear
	wait_for "a signature by the token that is back" signs own
	answers_https || fail "no handshake of the daemon's own with its key"
done
"$FAULT" set wrong-signatures
sleep 1
"$FAULT" clear
wait_for "a signature by the token that is back" signs own
kill -TERM "$load_pid" "$others_pid"
wait "$load_pid" || true
wait "$others_pid" || true
tail -1 "$T/handshakes" | sed 's/^/-- handshakes, failed: /'
grep -q '^done [1-9][0-9]* 0$' "$T/handshakes" || fail "a handshake was lost: $(tail -3 "$T/handshakes")"
say "signatures by a key of the other token: $(sort "$T/others" | uniq -c | paste -sd' ')"
! grep -v '^200$' "$T/others" || fail "a key of the other token did not sign"

say "a start without one of them"
stop_daemon
"$FAULT" set no-token
"$KEYHOLDD" --config "$T/two.yaml" --check >"$T/out" 2>&1
expect_text "token.away" "$T/out"
start_of two
refuses own || fail "own signs without its token"
signs other || fail "other does not sign"
"$HERE/handshakes.py" "$port" "$T/root.pem" 2 2 >"$T/handshakes"
grep -q '^done [1-9][0-9]* 0$' "$T/handshakes" || fail "a handshake was lost: $(tail -3 "$T/handshakes")"
"$FAULT" clear
wait_for "a signature by the token that has come" signs own
signs before || fail "before does not sign"

say "a key that is on both is destroyed on both"
"$KEYHOLD" key delete both --yes >/dev/null
"$KEYHOLD" key left >"$T/left"
! grep -q b07a "$T/left" || fail "a half of it is left"
stop_daemon

say "a start without any of them"
"$FAULT" set no-token
sed -i 's/label: second/label: third/' "$T/two.yaml"
expect_status 5 "$KEYHOLDD" --config "$T/two.yaml"
"$FAULT" clear

say "one token under two entries"
ln -s "$FAULTY_MODULE" "$T/faulty-link.so"
serial=$(softhsm2-util --show-slots | awk '/Serial number:/ { s = $3 } /Label:/ && $2 == "keyhold-dev" { print s }')
sed "s|module: $T/softhsm-copy.so|module: $T/faulty-link.so|; s|label: third|serial: \"$serial\"|" \
	"$T/two.yaml" >"$T/twice.yaml"
expect_status 3 "$KEYHOLDD" --config "$T/twice.yaml"
expect_text "tokens default and firm are the same one" "$T/out"
sed -i "s|serial: .*|&\n    init_args: other|" "$T/twice.yaml"
expect_status 3 "$KEYHOLDD" --config "$T/twice.yaml"
expect_text "their init_args differ" "$T/out"

say "one token, of another name than its keys have"
sed "s|^tokens:|token:|; /- name: default/d; /- name: firm/,/pin_file/d; s|^    module|    name: solo\n&|" \
	"$T/two.yaml" >"$T/one.yaml"
start_of one
api GET /v1/keys
expect_text '"token":"solo"' "$T/body"
! grep -q '"token":"default"' "$T/body" || fail "a key names a token that is not there"
"$KEYHOLD" ca rotate early >/dev/null
