#!/usr/bin/env bash
# What can be wrong at the start ends it with one clear line and an exit code of its own.
. "$(dirname "$0")/lib.sh"

start_daemon # for its token, PIN and configuration
cp "$T/dev/keyhold.yaml" "$T/good.yaml"
export SOFTHSM2_CONF=$T/dev/token/softhsm2.conf

# try CODE TEXT [ARGUMENT...]: the one line on stderr has the text.
try() {
	local code=$1 text=$2
	shift 2
	[ $# -gt 0 ] || set -- --config "$T/bad.yaml"
	expect_status "$code" "$KEYHOLDD" "$@"
	expect_text "$text" "$T/out"
	[ "$(grep -c '^keyholdd: ' "$T/out")" = 1 ] || fail "not one line: $(cat "$T/out")"
	say "exit $code: $(grep '^keyholdd: ' "$T/out")"
}
changed() {
	sed "$1" "$T/good.yaml" >"$T/bad.yaml"
}

try 2 "say --dev DIR or --config FILE" --check
try 2 "--frobnicate: no such option" --frobnicate
try 2 "--config needs a value" --config
try 2 "exclude each other" --dev "$T/x" --config "$T/good.yaml"
try 2 "--clock-rate goes with --dev" --config "$T/good.yaml" --clock-rate 100
for rate in 0 10000001 1.5 -1 fast; do
	try 2 "--clock-rate $rate: a whole number from 1 to 10000000" --dev "$T/x" --clock-rate "$rate"
done
try 3 "No such file" --config "$T/absent.yaml"
stop_daemon
changed 's/^  label:/  labell:/'
try 3 "bad.yaml:4: "
changed 's/^  pin_file:.*/  pin_file: \/nonexistent\/pin/'
try 3 "/nonexistent/pin"
install -m 644 "$T/dev/pin" "$T/open-pin"
changed "s|^  pin_file:.*|  pin_file: $T/open-pin|"
try 3 "lets others read it"
changed 's|^  module:.*|  module: /nonexistent/module.so|'
try 4 "/nonexistent/module.so"
changed "s|^  module:.*|  module: $(ldconfig -p | awk '/libcrypto.so.3/ { print $NF; exit }')|"
try 4 "is it a PKCS#11 module?"
changed 's/^  label:.*/  label: nobody/'
try 5 "no token with label \"nobody\" in /usr/lib/softhsm/libsofthsm2.so; SOFTHSM2_CONF is $SOFTHSM2_CONF"
SOFTHSM2_CONF=/nonexistent/conf try 5 "SOFTHSM2_CONF is /nonexistent/conf: No such file" --config "$T/good.yaml"
install -m 600 /dev/null "$T/wrong-pin"
echo 000000 >"$T/wrong-pin"
changed "s|^  pin_file:.*|  pin_file: $T/wrong-pin|"
try 6 "refused the PIN"
changed 's|^state:.*|state: /proc/keyhold|'
try 7 "/proc/keyhold"

say "a directory for --dev that others could meddle with, or that YAML cannot name"
mkdir "$T/shared"
chmod 1777 "$T/shared"
try 7 "others can write to it; run: chmod go-w $T/shared" --dev "$T/shared"
[ -z "$(ls -A "$T/shared")" ] || fail "it wrote into a directory of everyone's"
chmod go-w "$T/shared"
mkdir "$T/elsewhere"
ln -s "$T/elsewhere" "$T/shared/token"
try 7 "$T/shared/token: a symbolic link" --dev "$T/shared"
[ -z "$(ls -A "$T/elsewhere")" ] || fail "it followed a link"
mkdir "$T/a\"quote"
ln -s "$T/a\"quote" "$T/plain"
try 3 "a quote, backslash or line end" --dev "$T/a\"quote/dev"
try 3 "a quote, backslash or line end" --dev "$T/plain/dev"
changed "s|^state:.*|state: $T/open-state|"
mkdir "$T/open-state"
chmod 777 "$T/open-state"
try 7 "chmod go-w $T/open-state"

say "what a start cannot do is refused by --check, and before anything is made"
# refused CODE TEXT: both by --check and by a start, which leaves no state directory.
refused() {
	try "$1" "$2" --config "$T/bad.yaml" --check
	try "$1" "$2"
	[ ! -e "$T/fresh" ] || fail "a start that was refused made $T/fresh"
}
fresh() {
	changed "s|^state:.*|state: $T/fresh|; $1"
}
fresh "s|^  pin_file:.*|  pin_file: $T/open-pin|"
refused 3 "lets others read it"
fresh 's|^  module:.*|  module: /nonexistent/module.so|'
refused 4 "/nonexistent/module.so"
fresh 's/^  label:.*/  label: nobody/'
refused 5 'no token with label "nobody"'
fresh "s|- unix:.*|- unix: $T/absent/k.sock|"
refused 8 "$T/absent/k.sock: directory $T/absent: No such file or directory"
fresh "s|- unix:.*|- unix: $T/good.yaml|"
refused 8 "is not a socket"
fresh 's|- unix: \(.*\)|- unix: \1\n  - unix: \1|'
refused 3 "listen[1].unix: is listen[0].unix already"
changed "s|^state:.*|state: $T/absent/state|"
refused 7 "cannot make $T/absent/state in $T/absent: No such file or directory"
if [ "$(id -u)" -eq 0 ]; then
	mkdir -m 755 "$T/theirs" "$T/roots"
	install -m 600 "$T/dev/pin" "$T/theirs/pin"
	chown -R "$WORKER_USER" "$T/theirs"
	theirs() {
		sed "s|^state:.*|state: $T/theirs/state|; s|^  pin_file:.*|  pin_file: $T/theirs/pin|
		    s|- unix:.*|- unix: $T/theirs/k.sock|; $1" "$T/good.yaml" >"$T/bad.yaml"
	}
	as_other() {
		KEYHOLDD="$T/as_other" try "$@"
	}
	printf '#!/bin/bash\nexec setpriv --reuid %q --regid %q --clear-groups %q "$@"\n' \
		"$WORKER_USER" "$WORKER_GROUP" "$KEYHOLDD" >"$T/as_other"
	chmod 755 "$T/as_other"
	theirs ''
	refused 3 "belongs to user"
	[ ! -e "$T/theirs/state" ] || fail "root made the state directory of another user"
	theirs 's|^    group:.*|    group: root|'
	as_other 8 "$WORKER_USER, is not in group root; run: usermod -aG root $WORKER_USER" \
		--config "$T/bad.yaml" --check
	theirs "s|^state:.*|state: $T/roots|"
	as_other 7 "belongs to user 0" --config "$T/bad.yaml" --check
	theirs "s|^state:.*|state: $T/roots/state|"
	as_other 7 "$T/roots: Permission denied" --config "$T/bad.yaml" --check
	theirs "s|- unix:.*|- unix: $T/roots/k.sock|"
	as_other 8 "directory $T/roots: Permission denied" --config "$T/bad.yaml" --check
fi

say "a socket in use, and a state directory in use"
start_daemon
changed "s|^state:.*|state: $T/other-state|"
try 8 "in use"
changed "s|/keyhold.sock|/other.sock|"
try 7 "in use"

say "--check and --print-config change nothing and exit 0"
expect_status 0 "$KEYHOLDD" --config "$T/good.yaml" --check
expect_status 0 "$KEYHOLDD" --config "$T/good.yaml" --print-config
expect_text keyhold-dev "$T/out"
! grep -qF "$(cat "$T/dev/pin")" "$T/out" || fail "the PIN is printed"
expect_status 0 "$KEYHOLD" status
