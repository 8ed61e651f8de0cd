#!/usr/bin/env bash
# Behind nginx and HAProxy, gRPC and REST share one TLS port, one-way and two-way (Milvus's tlsMode 1 and 2).
. "$(dirname "$0")/lib.sh"

grpc_port=$(free_port)
rest_port=$(free_port)
/usr/bin/python3 "$HERE/milvus.py" server "$grpc_port" "$rest_port" >"$T/milvus.log" 2>&1 &
PIDS+=($!)
wait_for "the gRPC server" listens "$grpc_port"
wait_for "the REST server" listens "$rest_port"

start_daemon
need_provider
make_ca
"$KEYHOLD" ca chain internal >"$T/clients.pem"
"$KEYHOLD" cert issue web --ca internal --san localhost --out "$T/tls" >/dev/null
# gRPC's client has a key file; curl's key is in the token.
openssl req -newkey rsa:2048 -nodes -keyout "$T/client.key" -subj /CN=client -out "$T/client.csr" 2>/dev/null
"$KEYHOLD" cert sign "$T/client.csr" --ca internal --profile client >"$T/client.pem"
"$KEYHOLD" key create reader --type ec-p256 --use tls >/dev/null
"$KEYHOLD" key reference reader >"$T/reader.key"
"$KEYHOLD" key csr reader --subject /CN=reader >"$T/reader.csr"
"$KEYHOLD" cert sign "$T/reader.csr" --ca internal --profile client >"$T/reader.pem"

# Milvus has both on one port; the stand-in has two.
recipe_text() {
	local grpc='(grpc_pass|proto h2)' two_way
	two_way=$(page_recipe "$1-two-way" | paste -sd' ' | sed "s|/etc/keyhold/clients.pem|$T/clients.pem|")
	page_recipe "$1" | sed -E -e "/$grpc/s/127\.0\.0\.1:19530\b/127.0.0.1:$grpc_port/" \
		-e "s/127\.0\.0\.1:19530\b/127.0.0.1:$rest_port/" |
		if [ "$mode" = one-way ]; then
			cat
		else
			sed -E -e "/^	ssl_protocols/s|\$| $two_way|" -e "/^	bind/s|\$| $two_way|"
		fi
}

call() {
	/usr/bin/python3 "$HERE/milvus.py" client "$port" "$T/root.pem" "$@" 2>"$T/grpc.log"
}

list() {
	"${WITH_PROVIDER[@]}" curl -sS --max-time 10 --noproxy '*' --cacert "$T/root.pem" "$@" \
		"https://localhost:$port/v2/vectordb/collections/list"
}

for proxy in nginx haproxy haproxy-async; do
	for mode in one-way two-way; do
		port=$(free_port)
		RECIPE=milvus-${proxy%-async} start_server "$proxy" "$port" "$T/tls/web.crt" "$T/tls/web.key"
		client=() reader=()
		if [ "$mode" = two-way ]; then
			client=("$T/client.pem" "$T/client.key")
			reader=(--cert "$T/reader.pem" --key "$T/reader.key")
			! call || fail "$proxy: gRPC without a client certificate was served"
			! list >"$T/out" 2>&1 || expect_text "No required SSL certificate" "$T/out"
		fi
		got=$(call "${client[@]}") || fail "$proxy $mode: gRPC: $got"
		[ "$got" = "version 2.5 1000" ] || fail "$proxy $mode: gRPC got $got"
		for version in 1.2 1.3; do
			got=$(list --tlsv$version --tls-max $version "${reader[@]}")
			[ "$got" = '{"code":0,"data":["book"]}' ] || fail "$proxy $mode: REST, TLS $version: $got"
		done
		say "$proxy $mode: gRPC unary and 1000 streamed messages, REST over TLS 1.2 and 1.3"
		stop_server
	done
done
