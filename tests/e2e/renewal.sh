#!/usr/bin/env bash
# A renewed certificate is readable by whom the old one was, and nobody else; NAME.pem never lags behind.
. "$(dirname "$0")/lib.sh"

start_daemon
make_ca
[ "$(id -u)" -eq 0 ] || skip "only root can give files away"

issue() {
	"$KEYHOLD" cert issue web --ca internal --san localhost --out "$T/tls" "$@" >"$T/out" 2>&1
}
as_worker() {
	setpriv --reuid "$WORKER_USER" --regid "$WORKER_GROUP" --clear-groups "$@"
}
# access_of FILE...: owner, group and mode of each.
access_of() {
	stat -c '%n %U %G %a' "$@"
}

say "after a chgrp, once"
issue --pem
! as_worker cat "$T/tls/web.key" >/dev/null 2>&1 || fail "everybody can read a new reference"
chgrp "$WORKER_GROUP" "$T/tls/web.key" "$T/tls/web.pem"
chmod 600 "$T/tls/web.crt"
before=$(access_of "$T"/tls/*)
cp "$T/tls/web.pem" "$T/old.pem"
for option in '' --new-key --pem; do
	issue ${option:+"$option"}
	[ "$(access_of "$T"/tls/*)" = "$before" ] || fail "cert issue $option: $(access_of "$T"/tls/*)"
	as_worker cat "$T/tls/web.key" >/dev/null || fail "cert issue $option shut the server out"
	cat "$T/tls/web.crt" "$T/tls/web.key" | cmp - "$T/tls/web.pem" || fail "web.pem is old"
	! cmp -s "$T/old.pem" "$T/tls/web.pem" || fail "nothing was renewed"
done
"$KEYHOLD" key reference web --out "$T/tls/web.key"
[ "$(access_of "$T"/tls/*)" = "$before" ] || fail "key reference: $(access_of "$T"/tls/*)"

say "a user who may not give files away is told, and opens it to no other group"
mkdir "$T/theirs"
install -m 664 "$T/tls/web.key" "$T/theirs/web.key"
chown "$WORKER_USER" "$T/theirs"
expect_status 0 as_worker "$KEYHOLD" key reference web --out "$T/theirs/web.key"
expect_text "warning: $T/theirs/web.key: its owner, group and mode could not all be kept" "$T/out"
[ "$(access_of "$T/theirs/web.key")" = "$T/theirs/web.key $WORKER_USER $WORKER_GROUP 644" ] ||
	fail "$(access_of "$T/theirs/web.key")"
