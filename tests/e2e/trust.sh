#!/bin/bash
# keyhold trust: the roots of this house in the stores of distributions, next ones beside old ones, and gone without a trace.
. "$(dirname "$0")/lib.sh"

start_daemon
make_ca

# bundle: what keyholdd says, in $T/bundle.pem.
bundle() {
	curl -sSf --unix-socket "$KEYHOLD_SOCKET" -o "$T/bundle.pem" http://keyhold/v1/trust/bundle
}
fingerprint() {
	openssl x509 -in "$1" -noout -fingerprint -sha256 | tr -d : | sed 's/.*=//' | tr 'A-F' 'a-f'
}

say "each distribution's store, below another root"
declare -A DIRECTORY=([redhat]=etc/pki/ca-trust/source/anchors [suse]=etc/pki/trust/anchors
	[debian]=usr/local/share/ca-certificates [alpine]=usr/local/share/ca-certificates)
declare -A COMMAND=([redhat]=update-ca-trust [suse]=update-ca-certificates [debian]=update-ca-certificates [alpine]=update-ca-certificates)
name=keyhold-$(fingerprint "$T/root.pem" | cut -c-16).crt
for system in redhat suse debian alpine; do
	tree=$T/$system anchors=$T/$system/${DIRECTORY[$system]}
	mkdir -p "$anchors"
	echo "not ours" | tee "$anchors/other.crt" "$anchors/keyhold-short.crt" >"$anchors/keyhold-0123456789abcdef.crt"
	"$KEYHOLD" trust install --root "$tree" >"$T/out"
	expect_text "Nothing was run below another root: run ${COMMAND[$system]} there." "$T/out"
	expect_text installed "$T/out"
	cmp "$anchors/$name" "$T/root.pem" || fail "$system: the root is another"
	[ "$(stat -c %a "$anchors/$name")" = 644 ] || fail "$system: mode $(stat -c %a "$anchors/$name")"
	before=$(stat -c %i "$anchors/$name")
	"$KEYHOLD" trust install --root "$tree" >"$T/out"
	expect_text "there already" "$T/out"
	expect_text "changed by somebody, left alone" "$T/out"
	[ "$(stat -c %i "$anchors/$name")" = "$before" ] || fail "$system: it was written again"
	"$KEYHOLD" trust show --root "$tree" >"$T/out"
	expect_text "$anchors/$name" "$T/out"
	"$KEYHOLD" trust uninstall --root "$tree" >"$T/out"
	[ "$(cd "$anchors" && echo *)" = "keyhold-0123456789abcdef.crt keyhold-short.crt other.crt" ] || fail "$system: left are $(ls "$anchors")"
done
mkdir "$T/none"
expect_status 4 "$KEYHOLD" trust install --root "$T/none"
expect_text "no store of roots that is known" "$T/out"

say "from a file; no leaf, and no other house's roots are touched"
bundle
"$KEYHOLD" trust install --root "$T/debian" --bundle "$T/bundle.pem" --socket "$T/none.sock" >/dev/null
"$KEYHOLD" trust install --root "$T/debian" --bundle - --label keyhold-2 <"$T/bundle.pem" >/dev/null
[ "$(find "$T/debian" -name 'keyhold-*' -size +200c | wc -l)" -eq 2 ] || fail "not one for each label"
"$KEYHOLD" trust uninstall --root "$T/debian" >/dev/null
[ "$(find "$T/debian" -name 'keyhold-2-*' -size +200c | wc -l)" -eq 1 ] || fail "another label's root is gone"
"$KEYHOLD" ca certificate internal >"$T/internal.pem"
cat "$T/root.pem" "$T/internal.pem" >"$T/wrong.pem"
expect_status 1 "$KEYHOLD" trust install --root "$T/debian" --bundle "$T/wrong.pem"
expect_text "is no root" "$T/out"
: >"$T/empty.pem"
expect_status 1 "$KEYHOLD" trust install --root "$T/debian" --bundle "$T/empty.pem"
expect_status 2 "$KEYHOLD" trust show --root "$T/debian" --label ../x
# Ignored, the signal is inherited, and the write fails instead.
said=$(trap '' XFSZ && ulimit -f 0 && "$KEYHOLD" trust install --root "$T/debian" --bundle - <"$T/bundle.pem" 2>&1) &&
	fail "a root was written where nothing can be"
[[ $said == *"$T/debian/usr/local/share/ca-certificates/$name"*"too large"* ]] || fail "not the path that people know: $said"
[ -z "$(find "$T/debian" -name "$name*")" ] || fail "half a root is there"

# serve ISSUER: openssl's server with a certificate of this issuer, on $PORT.
serve() {
	[ -z "${SERVER-}" ] || kill "$SERVER"
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$T/server.key" -out "$T/server.csr" \
		-subj / -addext subjectAltName=DNS:localhost 2>/dev/null
	"$KEYHOLD" cert sign "$T/server.csr" --ca "$1" --profile server --out "$T/server.pem" >/dev/null
	"$KEYHOLD" ca chain "$1" >"$T/chain.pem"
	PORT=$(free_port)
	openssl s_server -accept "127.0.0.1:$PORT" -cert "$T/server.pem" -key "$T/server.key" -cert_chain "$T/chain.pem" -www \
		>"$T/server.log" 2>&1 </dev/null &
	SERVER=$!
	PIDS+=("$SERVER")
	wait_for "the server" bash -c "exec 3<>/dev/tcp/127.0.0.1/$PORT"
}

# Below, on this machine itself: in a private copy of what Debian's update-ca-certificates writes to.
inside() {
	nsenter --mount="/proc/$PRIVATE/ns/mnt" "$@"
}
# trusted: curl in there believes the server.
trusted() {
	inside curl -sSf --max-time 10 -o /dev/null "https://localhost:$PORT/"
}
untrusted() {
	expect_status 60 inside curl -sS --max-time 10 -o /dev/null "https://localhost:$PORT/"
}
list() {
	inside find /etc/ssl/certs /usr/local/share/ca-certificates | sort
	inside sha256sum /etc/ssl/certs/ca-certificates.crt
}

if [ "$(id -u)" -ne 0 ] || ! type -P update-ca-certificates >/dev/null || ! unshare -m true 2>/dev/null; then
	say "not tried on this system itself: that takes root and update-ca-certificates"
	exit 0
fi
unshare -m sleep 600 &
PRIVATE=$!
PIDS+=("$PRIVATE")
wait_for "a mount namespace" bash -c "[ \"\$(readlink /proc/$PRIVATE/ns/mnt)\" != \"\$(readlink /proc/self/ns/mnt)\" ]"
for directory in /etc/ssl /usr/local/share/ca-certificates; do
	cp -a "$directory" "$T/private-$(basename "$directory")"
	inside mount --bind "$T/private-$(basename "$directory")" "$directory"
done

say "on this Debian: curl believes a server of this house once the root is installed"
inside update-ca-certificates --fresh >/dev/null 2>&1
serve internal
untrusted
list >"$T/before"
inside "$KEYHOLD" trust install >"$T/out"
cat "$T/out"
expect_text installed "$T/out"
trusted
inside "$KEYHOLD" expiry --no-daemon "localhost:$PORT" >"$T/out"
expect_text " ok" "$T/out"
! ls /usr/local/share/ca-certificates/keyhold-* 2>/dev/null || fail "it is on the machine itself"

say "a root's successor comes beside it, before anything needs it"
"$KEYHOLD" ca rotate root >/dev/null
inside "$KEYHOLD" trust install >"$T/out"
expect_text "there already" "$T/out"
expect_text installed "$T/out"
trusted
"$KEYHOLD" ca rotate internal >/dev/null
serve internal-2
openssl verify -CAfile "$T/root.pem" -untrusted "$T/chain.pem" "$T/server.pem" >/dev/null 2>&1 && fail "the new chain leads to the old root"
trusted

say "the old root goes when it has retired for good"
for issuer in internal root; do
	"$KEYHOLD" cert list --ca "$issuer" --status valid --limit 0 --json | python3 -c '
import json, sys
for c in json.load(sys.stdin)["certificates"]: print(c["serial"])' >"$T/serials"
	while read -r serial; do
		"$KEYHOLD" cert revoke "$serial" --reason superseded >/dev/null
	done <"$T/serials"
	"$KEYHOLD" ca retire "$issuer" --finally >/dev/null
done
inside "$KEYHOLD" trust install >"$T/out"
expect_text removed "$T/out"
[ "$(inside find /usr/local/share/ca-certificates -name 'keyhold-*' | wc -l)" -eq 1 ] || fail "not one root"
trusted

say "uninstalled, it leaves no trace"
inside "$KEYHOLD" trust uninstall >"$T/out"
expect_text removed "$T/out"
untrusted
list >"$T/after"
diff "$T/before" "$T/after" || fail "something is left"
inside "$KEYHOLD" trust uninstall >"$T/out"
expect_text none "$T/out"
say "done"
