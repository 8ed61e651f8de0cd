#!/usr/bin/env bash
# A CA that a gen.sh made with openssl goes into the token: what it issued stays valid, what is
# issued from now on is signed in the token, and ca.key can be destroyed.
. "$(dirname "$0")/lib.sh"

type -P softhsm2-util >/dev/null || skip "softhsm2-util is missing; install softhsm2"
start_daemon
cd "$T"

# As gen.sh does: openssl's own defaults for a CA, which set no keyUsage.
openssl genrsa -out ca.key 2048 2>/dev/null
openssl req -new -x509 -key ca.key -days 3650 -subj "/C=CN/O=milvus/CN=milvus CA" -out ca.pem
openssl req -new -newkey rsa:2048 -nodes -keyout old.key -subj /CN=localhost -out old.csr 2>/dev/null
printf 'subjectAltName=DNS:localhost\n' >old.ext
openssl x509 -req -in old.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 365 -extfile old.ext \
	-out old.pem 2>/dev/null

export SOFTHSM2_CONF=$T/dev/token/softhsm2.conf
LABEL=$("$KEYHOLD" status --json | sed -n 's/.*"label": "\([^"]*\)".*/\1/p')
openssl pkcs8 -topk8 -nocrypt -in ca.key -out ca.p8
softhsm2-util --import ca.p8 --token "$LABEL" --label milvus --id 6d696c767573 --pin "$(cat dev/pin)" >/dev/null

say "not before the key is adopted, and only as what it is"
expect_status 1 "$KEYHOLD" ca import milvus --certificate ca.pem
"$KEYHOLD" key adopt milvus --use ca >/dev/null
expect_status 1 "$KEYHOLD" ca import milvus --certificate old.pem
expect_text "issuer-certificate-key" out
expect_text "issuer-certificate-ca" out

say "openssl's default certificate is taken, with a warning"
"$KEYHOLD" ca import milvus --certificate ca.pem >out 2>said
expect_text "active" out
expect_text "no keyUsage" said
rm ca.key ca.p8

openssl req -new -newkey rsa:2048 -nodes -keyout new.key -subj /CN=localhost -out new.csr 2>/dev/null
"$KEYHOLD" cert sign new.csr --ca milvus --profile server --out new.pem >/dev/null 2>&1
openssl verify -verify_hostname localhost -CAfile ca.pem old.pem
openssl verify -verify_hostname localhost -CAfile ca.pem new.pem
"$KEYHOLD" ca certificate milvus | openssl x509 | cmp - ca.pem || fail "not the same certificate"

say "its successor is made in the token, and strict clients take it"
"$KEYHOLD" ca rotate milvus --name milvus-ca >/dev/null
"$KEYHOLD" cert sign new.csr --ca milvus --profile server --out newer.pem >/dev/null 2>&1
"$KEYHOLD" ca certificate milvus-ca --out milvus-ca.pem
openssl verify -x509_strict -verify_hostname localhost -CAfile milvus-ca.pem newer.pem
"$KEYHOLD" ca chain milvus-ca --via milvus --out via.pem
openssl verify -verify_hostname localhost -CAfile ca.pem -untrusted via.pem newer.pem
stop_daemon
start_daemon
"$KEYHOLD" cert sign new.csr --ca milvus-ca --profile server >/dev/null 2>&1
