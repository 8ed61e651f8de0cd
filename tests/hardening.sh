#!/usr/bin/env bash
# What is released is hardened: position independent, read-only after relocation, stack
# protected, fortified, without an executable stack.
set -euo pipefail

for file in "$@"; do
	header=$(readelf -hW "$file")
	dynamic=$(readelf -dW "$file")
	segments=$(readelf -lW "$file")
	symbols=$(nm -D "$file")
	grep -q 'Type: *DYN' <<<"$header" || { echo "$file: not position independent" >&2; exit 1; }
	grep -q 'GNU_RELRO' <<<"$segments" || { echo "$file: no RELRO" >&2; exit 1; }
	grep -Eq 'BIND_NOW|FLAGS.*NOW' <<<"$dynamic" || { echo "$file: bound lazily" >&2; exit 1; }
	grep -Eq 'GNU_STACK.* RW ' <<<"$segments" || { echo "$file: an executable stack" >&2; exit 1; }
	grep -q '__stack_chk_fail' <<<"$symbols" || { echo "$file: no stack protector" >&2; exit 1; }
	grep -Eq '__[a-z]+_chk' <<<"$symbols" || { echo "$file: not fortified" >&2; exit 1; }
	echo "$file: hardened"
done
