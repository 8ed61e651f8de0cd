#!/usr/bin/env bash
# Many clients at once: signatures, new keys and certificates, none of them lost or mixed up.
. "$(dirname "$0")/lib.sh"

start_daemon
make_ca
"$KEYHOLD" key create papers --use sign >/dev/null
"$KEYHOLD" key public papers >"$T/papers.pub"

one_client() {
	local id=$1 i
	for i in 1 2 3 4 5; do
		echo "client $id says $i" >"$T/message.$id"
		curl -sS --fail --max-time 60 --unix-socket "$KEYHOLD_SOCKET" -o "$T/signature.$id" \
			-H 'Content-Type: application/octet-stream' --data-binary "@$T/message.$id" \
			"http://localhost/v1/keys/papers/sign?scheme=ecdsa_secp256r1_sha256" || return 1
		openssl dgst -sha256 -verify "$T/papers.pub" -signature "$T/signature.$id" \
			"$T/message.$id" >/dev/null || return 1
		"$KEYHOLD" cert issue "c$id-$i" --ca internal --san "c$id-$i.example" \
			--out "$T/issued" >/dev/null || return 1
		openssl verify -x509_strict -purpose sslserver -verify_hostname "c$id-$i.example" \
			-CAfile "$T/root.pem" -untrusted "$T/issued/c$id-$i.crt" \
			"$T/issued/c$id-$i.crt" >/dev/null || return 1
	done
}
clients=()
for id in 1 2 3 4 5 6 7 8; do
	one_client "$id" >"$T/client$id.log" 2>&1 &
	clients+=("$!")
done
for pid in "${clients[@]}"; do
	wait "$pid" || fail "a client failed: $(cat "$T"/client*.log)"
done
count=$("$KEYHOLD" cert list --ca internal --limit 0 --json | grep -c '"serial"')
[ "$count" -eq 40 ] || fail "$count certificates are recorded, not 40"
stop_daemon
