#!/usr/bin/env bash
# A pair on the token that nobody uses is found and removed by the commands of docs/api.md.
. "$(dirname "$0")/lib.sh"

for program in pkcs11-tool p11tool sqlite3; do
	type -P "$program" >/dev/null || skip "$program is not installed"
done

start_daemon
export SOFTHSM2_CONF=$T/dev/token/softhsm2.conf
PIN=$(cat "$T/dev/pin")
export PIN GNUTLS_PIN="$PIN"
module=$(sed -n "s/^  module: //p" "$T/dev/keyhold.yaml")
label=$(sed -n "s/^  label: //p" "$T/dev/keyhold.yaml")
[[ -f $module && -n $label ]] || fail "module \"$module\", label \"$label\""

# as_in_docs BEGINNING [ID]: runs the page's one line that begins so. The PIN is not asked for.
as_in_docs() {
	local line
	line=$(sed -n '/^### Keys that are left/,/^## /p' "$HERE/../../docs/api.md" | grep "^$1")
	[ "$(wc -l <<<"$line")" -eq 1 ] || fail "docs/api.md has not one line of $1: $line"
	line=${line//MODULE/$module}
	line=${line//LABEL/$label}
	line=${line//STATE/$T/dev/state}
	line=${line//CKA_ID/${2-}}
	[[ $line != pkcs11-tool* ]] || line=${line/--login/--login --pin env:PIN}
	bash -c "$line" >"$T/out" 2>"$T/tool.log" || fail "$line: $(cat "$T/out" "$T/tool.log")"
}

"$KEYHOLD" key create used --use tls >/dev/null
for id in 11 22; do
	pkcs11-tool --module "$module" --token-label "$label" --login --pin env:PIN --keypairgen \
		--key-type EC:prime256v1 --label web --id "$id" >"$T/tool.log" 2>&1 || fail "$(cat "$T/tool.log")"
done
expect_status 1 "$KEYHOLD" key adopt web --use tls
expect_text "two private keys on the token have the label web" "$T/out"

say "keyhold lists what is left, and removes what it is told to"
"$KEYHOLD" key left >"$T/left"
[ "$(awk 'NR > 1 { print $1, $2, $3, $4, $5 }' "$T/left" | sort | paste -sd,)" = "11 default web private public,22 default web private public" ] ||
	fail "left: $(cat "$T/left")"
pkcs11-tool --module "$module" --token-label "$label" --login --pin env:PIN --keypairgen \
	--key-type EC:prime256v1 --label spare --id 33 >"$T/tool.log" 2>&1 || fail "$(cat "$T/tool.log")"
expect_status 2 "$KEYHOLD" key discard 33
expect_status 0 "$KEYHOLD" key discard 33 --yes
expect_status 1 "$KEYHOLD" key discard 33 --yes
! "$KEYHOLD" key left | grep -q spare || fail "the pair is still there"

say "which pairs there are, and which of them are in use"
as_in_docs 'pkcs11-tool .*--list-objects'
grep -E '^ +(label|ID):' "$T/out" | sed 's/^ *//; s/: */:/' | paste -d' ' - - | sort >"$T/token"
[ "$(cut -d' ' -f1 "$T/token" | sort | uniq -c | awk '{ print $1 $2 }' | paste -sd' ')" = "1label:keyhold-audit 1label:used 2label:web" ] ||
	fail "on the token: $(cat "$T/token")"
as_in_docs 'sqlite3 '
used=$(sed -n 's/^used|//p' "$T/out")
audit=$(sed -n 's/^keyhold-audit|//p' "$T/out")
[[ $(sort "$T/out") = "keyhold-audit|$audit"$'\n'"used|$used" && $used =~ ^[0-9a-f]+$ && $audit =~ ^[0-9a-f]+$ ]] ||
	fail "in use: $(cat "$T/out")"
expect_text "label:keyhold-audit ID:$audit" "$T/token"
expect_text "label:used ID:$used" "$T/token"

say "what is removed is the pair that was named, both halves of it"
as_in_docs 'pkcs11-tool .*--delete-object --type privkey' 11
as_in_docs 'pkcs11-tool .*--delete-object --type pubkey' 11
as_in_docs 'p11tool '
[ "$(sed -n 's/^.*Label: //p' "$T/out" | sort | paste -sd' ')" = "keyhold-audit used web" ] || fail "p11tool: $(cat "$T/out")"
pkcs11-tool --module "$module" --token-label "$label" --login --pin env:PIN --list-objects >"$T/out" 2>&1
[ "$(grep -cE '^ +ID: +22$' "$T/out")" -eq 2 ] || fail "the other pair: $(cat "$T/out")"
! grep -qE '^ +ID: +11$' "$T/out" || fail "left: $(cat "$T/out")"
expect_status 0 "$KEYHOLD" key adopt web --use tls
