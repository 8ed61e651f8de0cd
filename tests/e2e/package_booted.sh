#!/usr/bin/env bash
# What package.sh has systemd do in its copy of /: a unit of its own that ends with it.
set -euo pipefail

T=/tmp/package
exec >"$T/booted.log" 2>&1
trap 'systemctl --no-block exit' EXIT
trap 'echo "FAILED: package_booted.sh, line $LINENO: $BASH_COMMAND"; journalctl --no-pager -u "keyhold*" | tail -n 30' ERR

say() {
	echo "-- $*"
}

say "the commands of the README, all of them"
dpkg -i "$T/keyhold.deb" >"$T/dpkg.log" 2>&1
sed -n '/^## Install/,/^## /p' /usr/share/doc/keyhold/README.md |
	sed -n '/^# as root/,/^```$/p' | sed '$d' >"$T/steps"
bash -e "$T/steps" >"$T/steps.log" 2>&1
pid=$(systemctl show -P MainPID keyhold)
[ "$(awk '/^CapBnd/ { print $2 }' "/proc/$pid/status")" = 0000000000000000 ]
[ "$(awk '/^Seccomp:/ { print $2 }' "/proc/$pid/status")" = 2 ]
mount=$(awk '$5 == "/var/lib/keyhold" { print $6 }' "/proc/$pid/mountinfo")
[[ ",$mount," == *,noexec,* ]]
journalctl --sync
journalctl -u keyhold | grep 'cage.closed seccomp=on landlock=abi-' >/dev/null
[ "$(stat -c '%U %G %a' /run/keyhold/keyhold.sock)" = "root keyhold 660" ]
keyhold ca create root --subject "/CN=booted" >/dev/null

say "it restarts behind its socket, and after being killed"
systemctl restart keyhold
keyhold status >/dev/null
systemctl kill --signal=KILL keyhold
sleep 0.1
keyhold status >/dev/null

say "a wrong PIN is tried once, whoever comes"
echo 000000 >/etc/keyhold/pin
if systemctl restart keyhold; then false; fi
for ((i = 0; i < 30; i++)); do
	if timeout 1 keyhold status >/dev/null 2>&1; then false; fi
	sleep 0.1
done
journalctl --sync
[ "$(journalctl -u keyhold | grep -c 'refused the PIN')" -eq 1 ]
[ "$(systemctl is-active keyhold.socket || true)" = inactive ]

say "purged, it is gone"
dpkg -P keyhold >"$T/dpkg.log" 2>&1
[ ! -e /lib/systemd/system/keyhold.service ]
echo "booted: done"
