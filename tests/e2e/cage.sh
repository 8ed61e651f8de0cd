#!/usr/bin/env bash
# The daemon's process can do what it needs and nothing more: a module that tries more is refused, or ends it.
. "$(dirname "$0")/lib.sh"

# status NAME: a line of the daemon's /proc/PID/status.
status() {
	awk -v name="$1:" '$1 == name { print $2 }' "/proc/$DAEMON_PID/status"
}

say "what is made is for its user alone, under a umask of 0 too"
umask 0
start_daemon
umask 022
"$KEYHOLD" ca create root --subject "/CN=root" >/dev/null
open=$(find "$T/dev" -mindepth 1 ! -type s -perm /077)
[ -z "$open" ] || fail "others may use $open"
[ "$(status NoNewPrivs)" = 1 ] || fail "it may gain privileges"
grep -Eq '^Max core file size +0 +0 ' "/proc/$DAEMON_PID/limits" || fail "it may dump core"
expect_text "event=cage.closed" "$T/keyholdd.log"

say "killed by a signal that dumps, it dumps nothing"
(
	cd "$T"
	ulimit -c unlimited 2>/dev/null || true
	exec "$KEYHOLDD" --dev "$T/other"
) >"$T/other.log" 2>&1 &
other=$!
PIDS+=("$other")
wait_for "the other daemon" test -S "$T/other/keyhold.sock"
end_with ABRT "$other"
[ -z "$(find "$T" -name 'core*')" ] || fail "a core dump"

say "files that others could change are refused"
stop_daemon
export SOFTHSM2_CONF=$T/dev/token/softhsm2.conf
try() {
	expect_status "$1" "$KEYHOLDD" --config "$T/dev/keyhold.yaml" "${@:3}"
	expect_text "$2" "$T/out"
}
chmod 620 "$T/dev/keyhold.yaml"
try 3 "mode 620 lets others write it; run: chmod go-w $T/dev/keyhold.yaml"
chmod 602 "$T/dev/keyhold.yaml"
try 3 "mode 602 lets others write it" --check
chmod 600 "$T/dev/keyhold.yaml"
chmod 750 "$T/dev/state"
try 7 "$T/dev/state: mode 750 lets others in; run: chmod 700 $T/dev/state"
try 7 "mode 750" --check
chmod 700 "$T/dev/state"
chmod 640 "$T/dev/pin"
try 3 "chmod 600 $T/dev/pin"
chmod 600 "$T/dev/pin"
if [ "$(id -u)" -eq 0 ]; then
	chown "$WORKER_USER" "$T/dev/keyhold.yaml"
	try 3 "belongs to user $(id -u "$WORKER_USER"), neither to root nor to this one"
	chown root "$T/dev/keyhold.yaml"
fi

say "settings of the cage that do not fit are refused"
setting() {
	sed '/^cage:/d' "$T/dev/keyhold.yaml" >"$T/caged.yaml"
	echo "cage: { $1 }" >>"$T/caged.yaml"
	expect_status "$2" "$KEYHOLDD" --config "$T/caged.yaml" --check
	expect_text "$3" "$T/out"
}
setting 'system_calls: [execve]' 3 "cage.system_calls[0]: is never allowed"
setting 'system_calls: [uname, clone]' 3 "cage.system_calls[1]: is never allowed"
setting 'system_calls: [frobnicate]' 3 "cage.system_calls[0]: is no system call here"
setting 'seccomp: maybe' 3 "cage.seccomp: is not on, off or log"
if [ -n "$SANITIZER" ]; then
	say "no more: a build with a sanitizer has neither filter nor Landlock"
	exit 0
fi

setting 'landlock: off, seccomp: log' 0 "cage: seccomp=log landlock=off"
setting "read: [$T/dev]" 0 "read    $T/dev (cage.read)"
mkdir "$T/secrets"
mv "$T/dev/pin" "$T/secrets/pin"
ln -s "$T/secrets/pin" "$T/dev/pin"
setting 'landlock: on' 0 "read    $T/secrets (the PIN, when the token has ended the login)"
mv "$T/secrets/pin" "$T/dev/pin"
if "$KEYHOLDD" --config "$T/dev/keyhold.yaml" --check | grep -q 'landlock=absent'; then
	skip "this kernel has no Landlock"
fi
setting "write: [$T/absent]" 3 "cage.write: $T/absent: No such file"

say "a module that is up to mischief"
mkdir "$T/run"
echo secret >"$T/secret"
chmod 644 "$T/secret"
mkdir "$T/etc"
mischief() {
	sed "s|^  module:.*|  module: $MISCHIEF|; s|- unix:.*|- unix: $T/run/keyhold.sock|; /group:/d" \
		"$T/dev/keyhold.yaml" >"$T/etc/keyhold.yaml"
	echo "cage: { $1 }" >>"$T/etc/keyhold.yaml"
	: >"$T/mischief.log"
	MISCHIEF_FILE=$T/secret MISCHIEF_DEADLY=$T/etc/deadly "$KEYHOLDD" \
		--config "$T/etc/keyhold.yaml" >"$T/mischief.log" 2>&1 &
	DAEMON_PID=$!
	PIDS+=("$DAEMON_PID")
	export KEYHOLD_SOCKET=$T/run/keyhold.sock
	wait_for "keyholdd's answer" "$KEYHOLD" status
}
deed() {
	expect_text "mischief: $1: $2" "$T/mischief.log"
}
sign() {
	api POST "/v1/keys/papers/sign?scheme=ecdsa_secp256r1_sha256" --data-binary hello \
		-H 'Content-Type: application/octet-stream'
}
mischief ''
[ "$(status Seccomp)" = 2 ] || fail "no filter"
expect_text "seccomp=on landlock=abi-" "$T/mischief.log"
"$KEYHOLD" key create papers --use sign >/dev/null
sign
[ "$STATUS" = 200 ] || fail "it does not sign: $STATUS"
deed fork EPERM
deed read EACCES
deed environ EACCES
deed write EACCES
deed inet EPERM
deed netlink EPERM
deed unix "done"
deed code EPERM
deed "more code" EPERM
deed kill EPERM
deed symlink EPERM
[ ! -e "$T/secret.new" ] || fail "it wrote a file"
stop_daemon
[ ! -e "$T/run/keyhold.sock" ] || fail "the socket is still there"

say "what the settings allow it can do, and no more"
mischief "read: [$T/secret], write: [$T], connect: [9], system_calls: [symlink]"
sign
[ "$STATUS" = 200 ] || fail "it does not sign: $STATUS"
deed read "done"
deed write "done"
deed inet "done"
deed netlink "done"
deed symlink EACCES
deed fork EPERM
stop_daemon

say "with seccomp: log it does all that Landlock leaves"
mischief "seccomp: log"
sign
deed fork "done"
deed inet "done"
deed code "done"
deed read EACCES
stop_daemon
mischief "seccomp: off, landlock: off"
sign
deed fork "done"
deed read "done"
[ "$(status Seccomp)" = 0 ] || fail "a filter that is off"
[ "$(status NoNewPrivs)" = 1 ] || fail "it may gain privileges"
stop_daemon
rm -f /dev/shm/keyhold-mischief

say "another program, another process's memory, another namespace: the daemon's end"
for deadly in execve ptrace unshare; do
	rm -f "$T/etc/deadly"
	mischief '' # and a signature, to see that the token is ready
	echo "$deadly" >"$T/etc/deadly"
	ended=0
	sign 2>/dev/null || true
	{ wait "$DAEMON_PID" || ended=$?; } 2>/dev/null
	[ "$ended" -eq $((128 + $(kill -l SYS))) ] || fail "$deadly: it ended with $ended"
	! grep -q "mischief: $deadly: done" "$T/mischief.log" || fail "$deadly was done"
done

say "docs/cage.md has the list of system calls as it is"
"$KEYHOLDD" --print-system-calls >"$T/calls"
sed -n '/^allowed:$/,/^```$/p' "$HERE/../../docs/cage.md" | sed '$d' >"$T/documented"
diff "$T/documented" "$T/calls" || fail "docs/cage.md is not what keyholdd --print-system-calls says"
