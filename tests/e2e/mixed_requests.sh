#!/usr/bin/env bash
# A connection may bring signatures and anything else, in pieces of any size; many may at once.
. "$(dirname "$0")/lib.sh"

start_daemon
"$KEYHOLD" key create papers --use sign >/dev/null
python3 "$HERE/mixed_requests.py" "$KEYHOLD_SOCKET" papers
stop_daemon
if grep -q 'level=error' "$T/keyholdd.log"; then
	fail "the log has an error: $(grep -m1 'level=error' "$T/keyholdd.log")"
fi
