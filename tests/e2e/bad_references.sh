#!/usr/bin/env bash
# A broken reference or URI is refused with a message that says what is wrong with it.
. "$(dirname "$0")/lib.sh"

start_daemon
need_provider
"$KEYHOLD" key create web --use tls >/dev/null
"$KEYHOLD" key reference web >"$T/web.key"
pkey() {
	"${WITH_PROVIDER[@]}" openssl pkey -in "$1" -pubout >"$T/out" 2>&1
}
pkey "$T/web.key" || fail "a good reference: $(cat "$T/out")"
pkey keyhold:web || fail "a good URI: $(cat "$T/out")"
sed '2s/^..../AAAA/' "$T/web.key" >"$T/broken.key"
! pkey "$T/broken.key" || fail "a broken reference loads"
expect_text "key reference" "$T/out"
! pkey keyhold:Web || fail "a bad name in a URI"
expect_text "not a key name" "$T/out"
! pkey "keyhold:web?spki=$(printf '0%.0s' {1..64})" || fail "a wrong pin in a URI"
expect_text "is not the one that spki= in the URI names" "$T/out"
! pkey keyhold:nobody || fail "an unknown key in a URI"
expect_text "no key named nobody" "$T/out"
