#!/usr/bin/env bash
# Every server of docs/proxies.md serves TLS 1.2 and 1.3 with every type of key, and the page's table says so.
. "$(dirname "$0")/lib.sh"

servers=(nginx haproxy haproxy-async stunnel httpd postgresql s_server)
types=(ec-p256 ec-p384 ec-p521 rsa-2048 rsa-3072 rsa-pss-2048 ed25519)

start_backend

start_daemon
need_provider
make_ca
for type in "${types[@]}"; do
	"$KEYHOLD" cert issue "web-$type" --type "$type" --ca internal --san localhost --out "$T/tls" >/dev/null
done

# attempt SERVER TLS-VERSION: the peer's signature scheme of a handshake whose chain and name
# are verified; nothing for a handshake that fails.
attempt() {
	local starttls=()
	[ "$1" != postgresql ] || starttls=(-starttls postgres)
	timeout 10 openssl s_client -connect "127.0.0.1:$port" "${starttls[@]}" -servername localhost \
		-CAfile "$T/root.pem" -verify_return_error -verify_hostname localhost \
		"-tls${2/./_}" </dev/null >"$T/client.txt" 2>&1 || return 0
	grep -q '^Verification: OK' "$T/client.txt" || return 0
	sed -n 's/^Peer signature type: //p' "$T/client.txt"
}

matrix() {
	local server type version cell scheme
	printf '| |'
	printf ' %s |' "${types[@]}"
	printf '\n|---|'
	printf -- '---|%.0s' "${types[@]}"
	echo
	for server in "${servers[@]}"; do
		printf '| %s |' "$server"
		for type in "${types[@]}"; do
			port=$(free_port)
			start_server "$server" "$port" "$T/tls/web-$type.crt" "$T/tls/web-$type.key" >&2
			cell=
			for version in 1.2 1.3; do
				scheme=$(attempt "$server" "$version")
				cell+="${cell:+, }$version ${scheme:-none}"
			done
			printf ' %s |' "$cell"
			stop_server >&2
		done
		echo
	done
}

# page_matrix: the table as docs/proxies.md has it.
page_matrix() {
	sed -n '/^<!-- matrix -->$/,/^<!-- end of matrix -->$/p' "$PROXIES_MD" | grep '^|'
}

matrix | tee "$T/matrix"
! grep -q none "$T/matrix" || fail "a handshake did not happen"
diff "$T/matrix" <(page_matrix) || fail "docs/proxies.md has another table"
