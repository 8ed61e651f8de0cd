#!/usr/bin/env bash
# Over 10,000 signatures, 100 loads and unloads, 110 forks and 2,000 threads, keyhold.so leaks
# no memory and no descriptor. Valgrind's word; AddressSanitizer's is the unit test itself.
. "$(dirname "$0")/lib.sh"

type -P valgrind >/dev/null || skip "valgrind is not installed"
: "${PROCESSES:?the test program}"

status=0
valgrind --leak-check=full --errors-for-leak-kinds=definite,indirect --error-exitcode=99 \
	--track-fds=yes --log-file="$T/valgrind.%p" "$PROCESSES" >"$T/processes.log" 2>&1 &
pid=$!
wait "$pid" || status=$?
[ "$status" -eq 0 ] || {
	grep -hvE ' 0 errors' "$T"/valgrind.* | head -60 >"$T/valgrind.log"
	fail "exit status $status"
}
runs=$(find "$T" -name 'valgrind.[0-9]*' | wc -l)
[ "$runs" -ge 100 ] || fail "valgrind saw $runs processes only"
for log in "$T"/valgrind.[0-9]*; do
	grep -q 'ERROR SUMMARY: 0 errors' "$log" || fail "$(cat "$log")"
done
# What the program had open at its end it got from whoever started it.
opened=$(grep -A1 'Open .*descriptor' "$T/valgrind.$pid" | grep -E '==[[:space:]]+at ' || true)
[ -z "$opened" ] || fail "$(cat "$T/valgrind.$pid")"
say "$runs processes, 0 errors, 0 leaks"
