#!/usr/bin/env bash
# keyhold agent keeps nginx's certificate renewed: with a new key and with the same, with a hook that it looks behind; and
# what fails goes back to what was there before.
. "$(dirname "$0")/lib.sh"

# member PATH...: of the managed certificate web, "" when it is not there.
member() {
	api GET /v1/managed/web
	perl -MJSON::PP -e 'local $/; my $v = decode_json(<STDIN>); $v = $v->{$_} for @ARGV; print $v // ""' "$@" <"$T/body"
}

# define MEMBERS: on top of what all definitions of this story have.
define() {
	api "$1" "$2" -H 'Content-Type: application/json' --data "{\"names\": [\"localhost\"], \"source\": {\"issuer\": \"internal\"},
		\"directory\": \"$T/tls\", \"group\": \"$WORKER_GROUP\"$3}"
	[[ $STATUS == 20[01] ]] || fail "$1 $2: $STATUS $(cat "$T/body")"
}

renew() {
	api POST /v1/managed/web/renew
	[ "$STATUS" = 200 ] || fail "renew: $(cat "$T/body")"
}

agent() {
	"$KEYHOLD" agent --once 2>>"$T/agent.log"
}

agent_fails() {
	expect_status 3 "$KEYHOLD" agent --once "$@"
	cat "$T/out" >>"$T/agent.log"
	expect_text "1 managed certificate could not be renewed" "$T/out"
}

served_serial() {
	timeout 10 openssl s_client -connect "127.0.0.1:$port" -servername localhost -CAfile "$T/root.pem" \
		-verify_return_error </dev/null 2>/dev/null | openssl x509 -noout -serial | sed 's/serial=//' | tr A-F a-f
}
serves() {
	[ "$(served_serial)" = "$1" ]
}

file_serial() {
	openssl x509 -in "$T/tls/web/chain.pem" -noout -serial | sed 's/serial=//' | tr A-F a-f
}

# The certificate's and the reference's public key.
check_pair() {
	[ "$(openssl x509 -in "$T/tls/web/chain.pem" -noout -pubkey)" = \
		"$("${WITH_PROVIDER[@]}" openssl pkey -in "$T/tls/web/key.pem" -pubout)" ] || fail "certificate and key do not match"
}

key_hash() {
	openssl x509 -in "$T/tls/web/chain.pem" -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum | cut -d' ' -f1
}

count_certificates() {
	api GET '/v1/certificates?issuer=internal'
	grep -o '"serial"' "$T/body" | wc -l
}

start_daemon
need_provider
make_ca
port=$(free_port)

say "the first certificate: its files, and nobody to tell"
define POST /v1/managed ', "name": "web"'
agent || fail "the first round: $(tail -3 "$T/agent.log")"
check_pair
[ "$(stat -L -c '%G %a' "$T/tls/web/both.pem")" = "$WORKER_GROUP 640" ] || fail "group and mode: $(stat -L -c '%G %a' "$T/tls/web/both.pem")"
[[ "$(member state step)" == idle && "$(member state serial)" == "$(file_serial)" ]] || fail "state: $(cat "$T/body")"
cat "$T/tls/web/chain.pem" "$T/tls/web/key.pem" | cmp - "$T/tls/web/both.pem"
start_nginx "$port" "$T/tls/web/chain.pem" "$T/tls/web/key.pem"
[ "$(served_serial)" = "$(file_serial)" ] || fail "another certificate is served"

say "a daemon that is away is no file that cannot be read"
expect_status 3 "$KEYHOLD" agent --once --socket "$T/nowhere.sock"

say "what is not due stays as it is"
first=$(file_serial)
agent
[ "$(file_serial)" = "$first" ] || fail "renewed before it was due"

say "a hook, and a look at what is served"
cat >"$T/hook" <<EOF
#!/bin/sh
echo "hook of \$(id -un) for \$1"
[ ! -e $T/hook-fails ] || exit 7
[ -e $T/hook-sleeps ] || kill -HUP \$(cat $T/nginx.pid)
EOF
chmod 755 "$T/hook"
hook="\"hook\": {\"argv\": [\"$T/hook\", \"a b\"], \"timeout_s\": 10}, \"verify\": \"127.0.0.1:$port\""
define PUT /v1/managed/web ", $hook"
renew
agent || fail "a renewal: $(tail -3 "$T/agent.log")"
check_pair
second=$(file_serial)
[ "$second" != "$first" ] || fail "not renewed"
# nginx's old workers accept for a moment beside the new ones.
wait_for "the new certificate" serves "$second"
[ "$(member state serial)" = "$second" ] || fail "state: $(cat "$T/body")"
expect_text "event=hook.spoke managed=web said=\"hook of $(id -un) for a b" "$T/agent.log"
expect_text "event=managed.renewed managed=web serial=$second" "$T/agent.log"
second_key=$(key_hash)

say "with the same key"
define PUT /v1/managed/web ", $hook, \"new_key\": \"never\""
renew
agent
third=$(file_serial)
[[ "$third" != "$second" && "$(key_hash)" == "$second_key" ]] || fail "not another certificate of the same key"
wait_for "the renewed certificate" serves "$third"

say "with the same key, whose signatures are the same each time"
define POST /v1/managed ', "name": "kept", "key_type": "rsa-2048", "new_key": "never"'
agent || fail "the first of the kept key: $(tail -3 "$T/agent.log")"
kept=$(openssl x509 -in "$T/tls/kept/chain.pem" -noout -serial -pubkey)
api POST /v1/managed/kept/renew
agent || fail "the next of the kept key: $(tail -3 "$T/agent.log")"
renewed=$(openssl x509 -in "$T/tls/kept/chain.pem" -noout -serial -pubkey)
[ "${renewed#*-----}" = "${kept#*-----}" ] || fail "another key"
[ "$renewed" != "$kept" ] || fail "the certificate of the renewal before: $kept"
"$KEYHOLD" cert revoke "$(openssl x509 -in "$T/tls/kept/chain.pem" -noout -serial | cut -d= -f2)" --reason key_compromise >/dev/null
api POST /v1/managed/kept/renew
agent || fail "that of a blocked key: $(tail -3 "$T/agent.log")"
[ "$(openssl x509 -in "$T/tls/kept/chain.pem" -noout -pubkey)" != "${renewed#*$'\n'}" ] || fail "the blocked key"
api DELETE /v1/managed/kept
rm -r "$T"/tls/kept "$T"/tls/.kept.*

say "a program for alerts: that of the documentation"
sed -n '/^#!/,/ root$/p' "$HERE/../../docs/agent.md" | sed "s|mail -s|$T/mail|" >"$T/alert"
cat >"$T/mail" <<EOF
#!/bin/sh
{ echo "\$1"; cat; } >>$T/mails
EOF
chmod 755 "$T/alert" "$T/mail"
in_days() {
	date -u -d "now + $1 days + 1 hour" +%FT%TZ
}
"$T/alert" web failed 2 "$(in_days 7)" why
[ ! -e "$T/mails" ] || fail "mailed without need: $(cat "$T/mails")"
"$T/alert" web failed 2 "$(in_days 6)" why
expect_text "keyhold: certificate web failed, 6 days left" "$T/mails"
"$T/alert" first failed 2 "" why
expect_text "keyhold: certificate first failed, 0 days left" "$T/mails"
expect_status 2 "$KEYHOLD" agent --once --alert alert
expect_text "--alert alert: name the program by its absolute path" "$T/out"
expect_status 2 "$KEYHOLD" agent --once --alert "$T/no-such"
expect_text "--alert $T/no-such: No such file or directory" "$T/out"
expect_status 2 "$KEYHOLD" agent --once --alert "$T"
expect_text "--alert $T: no program" "$T/out"

say "a hook that fails: back to the old pair, and told"
define PUT /v1/managed/web ", $hook"
touch "$T/hook-fails"
issued=$(count_certificates)
renew
agent_fails --alert "$T/alert"
agent_fails
expect_text "event=managed.waits managed=web until=" "$T/out"
check_pair
[[ "$(file_serial)" == "$third" && "$(key_hash)" == "$second_key" ]] || fail "not gone back"
[ "$(member state step) $(member state attempts) $(member state serial)" = "idle 1 $third" ] || fail "state: $(cat "$T/body")"
member state last_error >"$T/last_error"
expect_text "$T/hook exited with 7" "$T/last_error"
expect_text "hook of" "$T/last_error"
expect_text "event=managed.rolled-back managed=web serial=$third" "$T/agent.log"
expect_text "keyhold: certificate web rolled-back, 89 days left" "$T/mails"
expect_text "$T/hook exited with 7" "$T/mails"
api GET '/v1/audit?action=managed.rolled-back'
expect_text '"object":"web"' "$T/body"
[ "$(served_serial)" = "$third" ] || fail "something else is served"

say "a pause, in which nothing is tried"
before=$(grep -c rolled-back "$T/agent.log")
agent_fails
[ "$(grep -c rolled-back "$T/agent.log")" -eq "$before" ] || fail "tried again at once"

say "then the same certificate, with the key that was made for it"
rm "$T/hook-fails"
keys=$("$KEYHOLD" key list | grep -c '^web ')
renew
agent || fail "the next attempt: $(tail -3 "$T/agent.log")"
check_pair
[ "$(count_certificates)" -eq $((issued + 1)) ] || fail "$(count_certificates) certificates, not $((issued + 1))"
[ "$("$KEYHOLD" key list | grep -c '^web ')" -eq "$keys" ] || fail "another key was made"
fourth=$(file_serial)
[ "$fourth" != "$third" ] || fail "not another certificate"
wait_for "the new certificate" serves "$fourth"
[ -z "$(member state last_error)" ] || fail "state: $(cat "$T/body")"

say "a server that goes on with the old certificate: back again"
touch "$T/hook-sleeps"
renew
agent_fails
check_pair
[ "$(file_serial)" = "$fourth" ] || fail "not gone back"
expect_text "127.0.0.1:$port shows the certificate $fourth" "$T/agent.log"
rm "$T/hook-sleeps"

say "what was revoked meanwhile is not tried again"
api GET '/v1/certificates?issuer=internal&limit=1000'
waiting=$(grep -oP '"serial":"\K[0-9a-f]+' "$T/body" | tail -n 1)
[ "$waiting" != "$fourth" ] || fail "none waits"
"$KEYHOLD" cert revoke "$waiting" >/dev/null
renew
agent_fails
expect_text "certificate $waiting was revoked before it was in use" "$T/agent.log"
renew
agent || fail "the next attempt: $(tail -3 "$T/agent.log")"
[ "$(file_serial)" != "$waiting" ] || fail "the revoked one is installed"
fifth=$(file_serial)
wait_for "the new certificate" serves "$fifth"

say "old keys are destroyed when their time is over, and not before"
define PUT /v1/managed/web ", $hook, \"destroy_old_keys\": true"
agent
[ "$("$KEYHOLD" key list | grep -c '^web ')" -gt 1 ] || fail "destroyed within the grace period"
define PUT /v1/managed/web ", $hook, \"destroy_old_keys\": true, \"grace_s\": 1"
sleep 2
agent
"$KEYHOLD" key list >"$T/keys.txt"
[ "$(grep -c '^web ' "$T/keys.txt")" -eq 1 ] || fail "keys: $(cat "$T/keys.txt")"
grep -q "$(key_hash)" "$T/keys.txt" || fail "the wrong keys were destroyed"
[ "$(handshake "$port" 1.3)" = served ] || fail "no handshake any more"

say "only what is in use lies in the directory"
[ "$(find "$T/tls" -mindepth 1 -maxdepth 1 ! -name .keyhold.lock | wc -l)" -eq 2 ] || fail "$(ls -la "$T/tls")"

say "SIGTERM ends an agent that waits"
"$KEYHOLD" agent >>"$T/agent.log" 2>&1 &
agent_pid=$!
PIDS+=("$agent_pid")
wait_for_text "event=agent.started" "$T/agent.log"
kill -TERM "$agent_pid"
wait "$agent_pid" || fail "the agent exited with $?"
expect_text "event=agent.stopped" "$T/agent.log"
stop_nginx
stop_daemon
