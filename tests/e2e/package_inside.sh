#!/usr/bin/env bash
# What package.sh does in its copy of /; the package is /tmp/package/keyhold.deb.
set -euo pipefail

T=/tmp/package
DAEMON_PID=
trap '[ -z "$DAEMON_PID" ] || kill "$DAEMON_PID" 2>/dev/null || true' EXIT
trap 'echo "FAILED: package_inside.sh, line $LINENO: $BASH_COMMAND" >&2; tail -n 20 "$T"/*.log >&2' ERR

say() {
	echo "-- $*"
}

fail() {
	echo "FAILED: $*" >&2
	exit 1
}

as_keyhold() {
	setpriv --reuid keyhold --regid keyhold --init-groups --inh-caps=-all "$@"
}

# unit NAME: the setting in the unit.
unit() {
	sed -n "s/^$1=//p" /lib/systemd/system/keyhold.service
}

# What systemd does for the unit; socket activation is e2e/systemd's.
start() {
	local command
	read -r -a command <<<"$(unit ExecStart)"
	rm -rf /run/credentials
	install -d -o keyhold -m 500 /run/credentials
	install -o keyhold -m 400 "$(unit LoadCredential | cut -d: -f2)" /run/credentials/keyhold-pin
	CREDENTIALS_DIRECTORY=/run/credentials as_keyhold env "$(unit Environment)" "${command[@]}" "$@"
}

say "installed, it makes its user and its directories, and starts nothing"
dpkg -i "$T/keyhold.deb" >"$T/dpkg.log" 2>&1
grep -q 'not started' "$T/dpkg.log" || fail "it does not say what is next"
getent passwd keyhold | grep -q ':/var/lib/keyhold:/usr/sbin/nologin$'
[ "$(stat -c '%U %a' /var/lib/keyhold /run/keyhold | tr '\n' ' ')" = "keyhold 700 keyhold 755 " ]
! pgrep -x keyholdd >/dev/null || fail "it runs"
systemd-analyze verify keyhold-agent.service keyhold.service keyhold.socket keyhold-https.socket 2>&1 |
	{ ! grep keyhold; } || fail "systemd-analyze verify"
[ -z "$(bash -c 'source /usr/share/bash-completion/completions/keyhold' 2>&1)" ]

say "the commands of the README's section Install"
sed -n '/^## Install/,/^## /p' /usr/share/doc/keyhold/README.md |
	sed -n '/^# as root/,/^systemctl/p' | grep -v '^systemctl' >"$T/steps"
grep -q init-token "$T/steps" || fail "the README has no such commands"
bash -e "$T/steps" >"$T/steps.log" 2>&1
[ "$(stat -c '%U %a' /etc/keyhold/pin)" = "root 600" ]
start --check >"$T/check.log" 2>&1
grep -q 'seccomp=on' "$T/check.log"

say "it starts as its user, makes a key, and signs"
start >"$T/daemon.log" 2>&1 &
DAEMON_PID=$!
for ((i = 0; i < 200; i++)); do
	keyhold status >/dev/null 2>&1 && break
	sleep 0.05
done
keyhold status >/dev/null
[ "$(stat -c '%U %G %a' /run/keyhold/keyhold.sock)" = "keyhold keyhold 660" ]
[ "$(ps -o user= -p "$(pgrep -x keyholdd)")" = keyhold ]
# Of root, and so closed to other processes of this user: it may not be dumped.
[ "$(stat -c %U "/proc/$(pgrep -x keyholdd)/environ")" = root ]
keyhold ca create root --subject "/CN=packaged" >/dev/null
keyhold ca certificate root | openssl verify -CAfile <(keyhold ca certificate root) >/dev/null
keyhold key create papers --use sign >/dev/null
echo hello >"$T/message"
curl -sSf --unix-socket /run/keyhold/keyhold.sock --data-binary @"$T/message" -o "$T/signature" \
	-H 'Content-Type: application/octet-stream' \
	'http://localhost/v1/keys/papers/sign?scheme=ecdsa_secp256r1_sha256'
keyhold key public papers >"$T/papers.pem"
openssl dgst -sha256 -verify "$T/papers.pem" -signature "$T/signature" "$T/message" >/dev/null
keyhold provider config >"$T/openssl.cnf"
OPENSSL_CONF=$T/openssl.cnf openssl list -providers | grep -q keyhold || fail "the provider is not found by its path"
kill -TERM "$(pgrep -x keyholdd)"
wait "$DAEMON_PID" || fail "it ended with $?"
DAEMON_PID=

say "removed, it leaves configuration and keys; purged, it leaves keys, and says so"
echo '# mine' >>/etc/keyhold/keyhold.yaml
dpkg -r keyhold >"$T/dpkg.log" 2>&1
[ ! -e /usr/sbin/keyholdd ] && [ ! -e /lib/systemd/system/keyhold.service ]
grep -q '# mine' /etc/keyhold/keyhold.yaml
[ -n "$(find /var/lib/keyhold/token/tokens -name '*.object')" ]
dpkg -P keyhold >"$T/dpkg.log" 2>&1
[ ! -e /etc/keyhold/keyhold.yaml ]
[ -e /etc/keyhold/pin ] && [ -e /var/lib/keyhold/state/keyhold.db ]
grep -q '/var/lib/keyhold is not empty, and stays' "$T/dpkg.log"

say "with nothing in them, its directories go"
rm -rf /var/lib/keyhold/* /etc/keyhold/pin
dpkg -i "$T/keyhold.deb" >"$T/dpkg.log" 2>&1
dpkg -P keyhold >"$T/dpkg.log" 2>&1
[ ! -e /etc/keyhold ] && [ ! -e /var/lib/keyhold ] && [ ! -e /run/keyhold ]
echo "inside: done"
