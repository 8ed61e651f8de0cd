#!/usr/bin/env bash
# other_token.sh KIND: a token of that make serves an authority and nginx, through a rotation and a restart, and
# does what docs/tokens.md says of it.
. "$(dirname "$0")/lib.sh"
. "$HERE/../support/tokens.sh"

readonly kind=$1
mkdir -m 700 "$T/token" "$T/state"
mkdir -m 755 "$T/dev"
status=0
token_make "$kind" "$T/token" >"$T/token.log" 2>&1 || status=$?
PIDS+=("${TOKEN_SERVERS[@]}")
[ "$status" -ne 77 ] || skip "$(cat "$T/token.log")"
[ "$status" -eq 0 ] || fail "no token of kind $kind"
# Modules leak, and the fast unwinder does not get through libcrypto to them.
export ASAN_OPTIONS=fast_unwind_on_malloc=0

(umask 077 && printf '%s' "$TOKEN_PIN" >"$T/pin")
cat >"$T/keyhold.yaml" <<YAML
token:
  module: $TOKEN_MODULE
  label: $TOKEN_LABEL
  pin_file: $T/pin
  max_sessions: 4
${TOKEN_INIT_ARGS:+  init_args: "$TOKEN_INIT_ARGS"}
listen: [{ unix: $T/dev/keyhold.sock, mode: "0660", group: $WORKER_GROUP }]
access: [{ who: "unix:group:$WORKER_GROUP", may: [use], keys: ["*"] }]
state: $T/state
YAML
[ -z "$TOKEN_WRITES" ] || echo "cage: { write: [$TOKEN_WRITES] }" >>"$T/keyhold.yaml"

start() {
	"$KEYHOLDD" --config "$T/keyhold.yaml" >>"$T/keyholdd.log" 2>&1 &
	DAEMON_PID=$!
	PIDS+=("$DAEMON_PID")
	export KEYHOLD_SOCKET=$T/dev/keyhold.sock
	wait_for "keyholdd's answer" "$KEYHOLD" status
}

# What the check found, as the table's row.
row() {
	python3 - "$kind" "$1" <<'PYTHON'
import json
import sys

kind, path = sys.argv[1:]
results = json.load(open(path))["results"]


def works(subject, *steps):
    found = {r["step"]: r["outcome"] for r in results if r["subject"] == subject}
    return "yes" if all(found.get(step) == "works" for step in steps) else "no"


types = ["ec-p256", "ec-p384", "ec-p521", "rsa-2048", "rsa-3072", "rsa-4096", "ed25519"]
cells = [works(t, "make", "find", "sign", "destroy") for t in types]
cells += [works("rsa-2048", "decrypt"), works("ec-p256", "copy")]
print("| " + " | ".join([kind] + cells) + " |")
PYTHON
}

# A certificate for a new key, shown by nginx.
serve() {
	local type=$1 port
	"$KEYHOLD" cert issue "web-$type" --ca internal --type "$type" --san localhost --out "$T/$type" >/dev/null
	port=$(free_port)
	start_nginx "$port" "$T/$type/web-$type.crt" "$T/$type/web-$type.key"
	[ "$(handshake "$port" 1.2)" = served ] || fail "$type: TLS 1.2"
	[ "$(handshake "$port" 1.3)" = served ] || fail "$type: TLS 1.3"
	stop_nginx
}

say "$kind: authority, certificate, nginx"
start
need_provider
"$KEYHOLD" token show >"$T/show"
expect_text "$TOKEN_LABEL" "$T/show"
make_ca
serve ec-p256
serve rsa-2048

say "$kind: what it lacks is said"
while read -r type makes why; do
	[ "$makes" = no ] || continue
	expect_status 1 "$KEYHOLD" key create lacking --type "$type" --use sign
	expect_text "this token" "$T/out"
	[[ $why == *"this token"* ]] || fail "token show does not say why there are no $type keys"
done < <(sed -n '/^TYPE/,$p' "$T/show" | tail -n +2)

if [ "$kind" = tpm2 ]; then
	expect_text "makes_no=rsa-4096,rsa-pss-4096,ed25519 pss=padded-here rsa_key_exchange=yes" "$T/keyholdd.log"
fi

say "$kind: rotation, restart, the old keys go"
"$KEYHOLD" key rotate web-ec-p256 >/dev/null
stop_daemon
start
serve ec-p384
"$KEYHOLD" cert issue web-ec-p256 --ca internal --san localhost --out "$T/again" >/dev/null
"$KEYHOLD" key delete web-ec-p384 --yes >/dev/null

say "$kind: the table of docs/tokens.md"
expect_status "$([ -n "$TOKEN_FAILS" ] && echo 1 || echo 0)" "$KEYHOLD" token check --json
sed -i '/^keyhold: /,$d' "$T/out"
row "$T/out" >"$T/row"
grep -qxFf "$T/row" "$HERE/../../docs/tokens.md" || fail "docs/tokens.md has another row than $(cat "$T/row")"
"$KEYHOLD" audit export >"$T/audit"
expect_text token.checked "$T/audit"
stop_daemon
