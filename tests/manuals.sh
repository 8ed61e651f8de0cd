#!/usr/bin/env bash
# manuals.sh KEYHOLDD KEYHOLD DIR - each command, option and setting that there is, is in the manual pages of DIR, and
# troff has nothing to say against them.
set -euo pipefail
export LC_ALL=C.UTF-8

[ $# -eq 3 ] || {
	echo "usage: $0 KEYHOLDD KEYHOLD DIR" >&2
	exit 2
}
keyholdd=$1 keyhold=$2 dir=$3
top=$(realpath "$(dirname "$0")/..")
status=0
checked=0
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
for page in keyhold.1 keyholdd.8 keyhold.yaml.5; do
	sed 's/\\-/-/g' "$dir/$page" >"$T/$page"
done

# has PAGE TEXT: as something that it explains, in bold.
has() {
	checked=$((checked + 1))
	grep -qF -- "$2" "$T/$1" || {
		echo "$1 does not have \"$2\""
		status=1
	}
}

while read -r command; do
	has keyhold.1 ".SS keyhold $command"
	# shellcheck disable=SC2086 # of two words
	while read -r option; do
		has keyhold.1 "\\fB$option"
	done < <("$keyhold" help $command | grep -oE '^  --[a-z-]+' | tr -d ' ')
done < <("$keyhold" --help | sed -n '/^commands:/,/^$/p' | perl -ne 'print "$1\n" if /^  (\S+(?=  )|\S+ \S+)/')
while read -r option; do
	has keyholdd.8 "$option"
done < <("$keyholdd" --help | grep -oE -- '--[a-z-]+' | sort -u)
# By the table of settings itself; "audit" is there as "audit.tls".
sed -n '/^\.TP$/{n;p}' "$T/keyhold.yaml.5" | tr ' ' '\n' | sed -n 's/^\\fB\([a-z0-9_.[]*\]*[a-z0-9_.]*\)\\fR,*$/.\1./p' >"$T/settings"
while read -r setting; do
	has settings ".$setting."
done < <(perl -0777 -ne 's/^#define(?:.*\\\n)*.*//mg; print "$1\n" while /^\t[A-Z_]+\(\s*"?([a-z_0-9]+)"?[,)]/mg' \
	"$top/service/settings.c" | sort -u)
[ "$checked" -gt 200 ] || {
	echo "only $checked commands, options and settings were found"
	status=1
}

if type -P groff >/dev/null; then
	for page in keyhold.1 keyholdd.8 keyhold.yaml.5; do
		groff -K utf8 -man -ww -z "$dir/$page" 2>&1 | grep . && status=1
	done
else
	echo "not read by groff: it is not installed"
fi
echo "manuals: $checked commands, options and settings"
exit "$status"
