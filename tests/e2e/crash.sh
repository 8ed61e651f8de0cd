#!/usr/bin/env bash
# kill -9 at random moments under 16 clients: what a client was told is in the record. ROUNDS=1000 for a long run.
. "$(dirname "$0")/lib.sh"

rounds=${ROUNDS:-20}
[ -z "$SANITIZER" ] || rounds=${ROUNDS:-5}

start_daemon
make_ca
wait_for "a CRL" "$KEYHOLD" ca crl internal
stop_daemon
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$T/client.key" -out "$T/client.csr" \
	-subj /CN=crash.example -addext subjectAltName=DNS:crash.example 2>"$T/openssl.log"
"$HERE/crash.py" "$KEYHOLDD" "$KEYHOLD" "$T/dev" "$T/client.csr" "$rounds"
