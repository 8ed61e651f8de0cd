#!/bin/bash
# style.sh - what of the house style a program can check. Prints what breaks it.
#
# style.sh [DIR]: a source tree. A tool that is missing is a failure, never a skip. In
# STYLE_CACHE, a directory, it keeps which scripts were clean, by the hash of all that was
# read for them: shellcheck is what takes time.
set -euo pipefail

readonly file_max_lines=500 function_max_lines=60
failed=0

# What a check prints is what is wrong.
check() {
	local name=$1 found
	shift
	found=$("$@" 2>&1) || found+=$'\n'"$name: the check itself failed"
	[[ -n $found ]] || return 0
	printf '== %s\n%s\n' "$name" "$found"
	failed=$((failed + 1))
}

need() {
	local program=$1 package=$2
	type -P "$program" >/dev/null && return
	echo "style.sh: $program is missing; install $package" >&2
	exit 1
}

list_files() {
	find . \( -name .git -o -name build -o -name 'build-*' -o -path ./tests/fuzz/corpus \) \
		-prune -o -type f -print0 | sort -z
}

# Also what has no #! because others source it.
is_script() {
	local first
	[[ $1 != *.sh ]] || return 0
	IFS= read -r first <"$1" 2>/dev/null || [[ -n ${first-} ]] || return 1
	[[ $first =~ ^#!.*[/\ ](ba|da)?sh($|\ ) ]]
}

read_lists() {
	local file
	c_files=() scripts=() pages=() all_files=()
	while IFS= read -r -d '' file; do
		all_files+=("$file")
		case $file in
		*.c | *.h) c_files+=("$file") ;;
		*.md) pages+=("$file") ;;
		*) ! LC_ALL=C is_script "$file" || scripts+=("$file") ;;
		esac
	done < <(list_files)
	((${#c_files[@]} > 100 && ${#scripts[@]} > 0 && ${#pages[@]} > 0)) || {
		echo "style.sh: this is not the source tree" >&2
		exit 1
	}
}

check_format() {
	local found
	found=$(clang-format --dry-run -Werror "${c_files[@]}" 2>&1) && return
	grep -oE '^[^ :]+\.[ch]:[0-9]+' <<<"$found" | sort -u || printf '%s\n' "$found"
}

# The hash of what shellcheck reads for a script: itself, and what it may source.
hash_script() {
	{ printf '%s\n' "$shellcheck_version" "$1" && cat .shellcheckrc tests/e2e/{lib,servers}.sh "$1"; } |
		sha256sum | cut -d' ' -f1
}

# Prints script and hash, each ended by a NUL, of those that are not known to be clean.
list_unchecked() {
	local file hash
	for file in "${scripts[@]}"; do
		hash=$(hash_script "$file")
		[[ -e $cache/$hash ]] || printf '%s\0%s\0' "$file" "$hash"
	done
}

check_scripts() {
	local shellcheck_version
	shellcheck_version=$(shellcheck --version)
	# shellcheck disable=SC2016 # expanded by that shell
	list_unchecked | cache=$cache xargs -0 -r -n 2 -P "$(nproc)" bash -c \
		'shellcheck -x -P SCRIPTDIR "$1" && touch "$cache/$2"' - || echo 'not every script is clean'
}

# Split, so that this file does not find itself.
check_words() {
	grep -nwE 'TO''DO|FIX''ME|XX''X' "${c_files[@]}" "${scripts[@]}" "${pages[@]}" || true
}

check_calls() {
	grep -nE '(^|[^[:alnum:]_])(strcpy|strcat|sprintf|vsprintf|atoi|gets|alloca)[[:space:]]*\(' \
		"${c_files[@]}" || true
}

# evp/builtin.c is the daemon's; all else here runs in other people's programs.
check_queue() {
	grep -nE '(error_set_openssl|ERR_clear_error|ERR_get_error[a-z_]*)[[:space:]]*\(' \
		./evp/*.c ./client/*.c ./provider/*.c | grep -v '^./evp/builtin.c:' || true
}

check_machine() {
	grep -nIF '/wo''rk/' "${all_files[@]}" || true
}

check_file_lines() {
	wc -l "${c_files[@]}" |
		awk -v max=$file_max_lines '$2 != "total" && $1 > max { print $2 ": " $1 " lines" }'
}

check_function_lines() {
	ctags --languages=C --kinds-C=f --fields=+ne -f - "${c_files[@]}" |
		awk -F '\t' -v max=$function_max_lines '{
			for (i = 4; i <= NF; i++) {
				if ($i ~ /^line:/) first = substr($i, 6)
				if ($i ~ /^end:/) last = substr($i, 5)
			}
			if (last - first + 1 > max)
				print $2 ": " $1 " has " last - first + 1 " lines"
		}'
}

# [text](target) where target is neither a URL nor an anchor of the same page.
check_links() {
	local page target
	for page in "${pages[@]}"; do
		while IFS= read -r target; do
			target=${target%%#*}
			[[ -z $target || $target =~ ^[a-z]+: || -e ${page%/*}/$target ]] ||
				echo "$page: no file $target"
		done < <(grep -oE '\]\([^) ]+\)' "$page" | sed 's/^](//; s/)$//')
	done
}

need clang-format clang-format
need shellcheck shellcheck
need ctags universal-ctags
ctags --version | grep -q 'Universal Ctags' || {
	echo "style.sh: ctags is another one; install universal-ctags" >&2
	exit 1
}
cache=${STYLE_CACHE-}
if [[ -z $cache ]]; then
	cache=$(mktemp -d)
	trap 'rm -rf -- "$cache"' EXIT
fi
mkdir -p "$cache"
cache=$(realpath "$cache")
cd "${1:-$(dirname "$0")/..}"
read_lists
check 'clang-format -i would change these' check_format
check 'shellcheck' check_scripts
check 'unfinished work' check_words
check 'functions that do not know their room' check_calls
check "OpenSSL's error queue is the application's" check_queue
check "names of this machine" check_machine
check "files over $file_max_lines lines" check_file_lines
check "functions over $function_max_lines lines" check_function_lines
check 'dead links' check_links
((failed == 0)) || exit 1
echo "style: ${#c_files[@]} C files, ${#scripts[@]} scripts, ${#pages[@]} pages"
