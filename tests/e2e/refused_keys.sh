#!/usr/bin/env bash
# Keys that others have are certified for nobody: those on Debian's lists of weak keys, and
# those that an operator blocks.
. "$(dirname "$0")/lib.sh"

start_daemon # for its token, PIN and configuration
make_ca
wait_for_text "event=weak-keys.absent" "$T/keyholdd.log"
"$KEYHOLD" status | grep -E '^weak keys +0$' >/dev/null || fail "status does not say that no weak key is known"
stop_daemon

request() {
	openssl req -new -newkey "$1" -pkeyopt "$2" -nodes -keyout "$T/$3.key" -out "$T/$3.csr" \
		-subj /CN=localhost 2>/dev/null
}
request rsa rsa_keygen_bits:2048 weak
request rsa rsa_keygen_bits:2048 good
request ec ec_paramgen_curve:P-256 leaked

say "a key on a list in the format of openssl-blacklist"
mkdir "$T/lists"
{
	echo "# one key, as openssl-vulnkey would know it"
	openssl rsa -in "$T/weak.key" -noout -modulus | sha1sum | cut -c 21-40
} >"$T/lists/blacklist.RSA-2048"
cp "$T/dev/keyhold.yaml" "$T/lists.yaml"
echo "weak_keys: $T/lists" >>"$T/lists.yaml"
export SOFTHSM2_CONF=$T/dev/token/softhsm2.conf
"$KEYHOLDD" --config "$T/lists.yaml" --check
"$KEYHOLDD" --config "$T/lists.yaml" >>"$T/keyholdd.log" 2>&1 &
DAEMON_PID=$!
PIDS+=("$DAEMON_PID")
wait_for "keyholdd's answer" "$KEYHOLD" status
"$KEYHOLD" status | grep -E '^weak keys +1$' >/dev/null || fail "status does not say that a weak key is known"
wait_for_text "event=weak-keys.loaded directory=$T/lists keys=1" "$T/keyholdd.log"
expect_status 1 "$KEYHOLD" cert sign "$T/weak.csr" --ca internal
expect_text csr-key-debian-weak "$T/out"
"$KEYHOLD" cert sign "$T/good.csr" --ca internal >"$T/good.crt"

say "a key that is blocked, until it is not"
"$KEYHOLD" cert sign "$T/leaked.csr" --ca internal >"$T/leaked.crt"
"$KEYHOLD" key block "$T/leaked.crt" --reason "found in a backup" >/dev/null
expect_status 1 "$KEYHOLD" cert sign "$T/leaked.csr" --ca internal
expect_text "csr-key-blocked  key: blocked: found in a backup" "$T/out"
"$KEYHOLD" key blocked | grep "found in a backup" >/dev/null || fail "the blocked key is not listed"
"$KEYHOLD" key unblock "$T/leaked.csr" >/dev/null
"$KEYHOLD" cert sign "$T/leaked.csr" --ca internal >/dev/null

say "nothing from an issuer whose key, or whose issuer's, is blocked"
"$KEYHOLD" key block "$T/root.pem" --reason "root key seen outside" >/dev/null
expect_status 1 "$KEYHOLD" cert sign "$T/good.csr" --ca internal
expect_text "issuer root: blocked: root key seen outside" "$T/out"
"$KEYHOLD" rules | grep -E '^csr-key-blocked +BR ' >/dev/null || fail "keyhold rules does not know the rule"
stop_daemon

say "a list that is no list keeps the daemon from starting"
echo "not hexadecimal" >>"$T/lists/blacklist.RSA-2048"
expect_status 3 "$KEYHOLDD" --config "$T/lists.yaml" --check
expect_text "blacklist.RSA-2048:3: not 20 hex digits" "$T/out"
expect_status 3 "$KEYHOLDD" --config "$T/lists.yaml"
rm -r "$T/lists"
expect_status 3 "$KEYHOLDD" --config "$T/lists.yaml"
expect_text "no blacklist.RSA-2048" "$T/out"
