#!/usr/bin/env bash
# The systemd units are right, and expose little: by systemd-analyze, without a systemd that runs.
set -euo pipefail

units=$(cd "$(dirname "$0")/../../packaging/systemd" && pwd)
threshold=0.6 # of 10; docs/configuration.md names the score
type -P systemd-analyze >/dev/null || {
	echo "SKIPPED: no systemd-analyze here"
	exit 77
}
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT

# What is named must be there for verify.
for unit in keyhold keyhold-agent keyhold-expiry; do
	sed "s|@CMAKE_INSTALL_FULL_SBINDIR@/keyholdd|$KEYHOLDD|; s|@CMAKE_INSTALL_FULL_BINDIR@/keyhold|$KEYHOLD|; s|@[A-Z_]*SYSCONFDIR@|$T/etc|; s|@[A-Z_]*DOCDIR@|$T|" \
		"$units/$unit.service.in" >"$T/$unit.service"
done
cp "$units"/*.socket "$units"/*.timer "$T"
! grep -n '@[A-Z_]*@' "$T"/*.service || exit 1
# Only what is about these files: verify also reads the units of this machine.
systemd-analyze verify "$T"/keyhold* >"$T/out" 2>&1 || true
! grep -E 'keyhold' "$T/out" || {
	echo "FAILED: systemd-analyze verify" >&2
	exit 1
}

systemd-analyze security --offline=true --no-pager "$T/keyhold.service" >"$T/out"
score=$(sed -n 's/.*Overall exposure level[^:]*: \([0-9.]*\) .*/\1/p' "$T/out")
echo "-- exposure $score of 10"
awk -v score="$score" -v max="$threshold" 'BEGIN { exit !(score != "" && score <= max) }' || {
	grep '✗' "$T/out" || cat "$T/out"
	echo "FAILED: exposure $score is more than $threshold" >&2
	exit 1
}
grep -qF "exposure $score of 10" "$units/../../docs/configuration.md" || {
	echo "FAILED: docs/configuration.md has another score than $score" >&2
	exit 1
}
# Hooks run in the agent's: it is less, and must not become worse.
systemd-analyze security --offline=true --threshold=50 --no-pager "$T/keyhold-agent.service" >"$T/out" || {
	echo "FAILED: the agent's unit: $(tail -1 "$T/out")" >&2
	exit 1
}
tail -1 "$T/out" | tr -cd '[:print:]\n'
# Each line that hardens counts: without one the score is another.
sed '/^MemoryDenyWriteExecute=/d' "$T/keyhold.service" >"$T/keyhold-weak.service"
! systemd-analyze security --offline=true --threshold=0 "$T/keyhold-weak.service" >"$T/weak" 2>&1 ||
	exit 1
grep -q '✗ MemoryDenyWriteExecute=' "$T/weak"
