#!/usr/bin/env bash
# The README's first command works, twice, and leaves nothing running.
. "$(dirname "$0")/lib.sh"

cd "$HERE/../.."
for run in first second; do
	say "$run run"
	scripts/quickstart --dir "$T/quickstart" >"$T/report" 2>&1 || fail "$(cat "$T/report")"
	expect_text 'curl said     "hello from behind a token"' "$T/report"
	expect_text "verified      OK" "$T/report"
	! pgrep -f "$T/quickstart" >"$T/out" || fail "still running: $(cat "$T/out")"
done
