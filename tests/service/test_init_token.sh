#!/bin/bash
# test_init_token.sh - makes a token once, and never shows a PIN in an argument list.
set -euo pipefail

init_token=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset SOFTHSM2_CONF

fail() {
	printf 'FAILED: %s\n' "$*" >&2
	exit 1
}

expect_status() {
	local expected=$1 status=0
	shift
	"$@" >"$work/output" 2>&1 || status=$?
	((status == expected)) || fail "status $status, not $expected: $* ($(<"$work/output"))"
}

expect_output() {
	grep -qF -- "$1" "$work/output" || fail "no \"$1\" in: $(<"$work/output")"
}

mode_of() {
	stat -c %a "$1"
}

dir="$work/a dir/token"
expect_status 0 "$init_token" --dir "$dir"
expect_output 'Token "keyhold" made'
for path in "$dir" "$dir/tokens"; do
	[[ $(mode_of "$path") == 700 ]] || fail "mode of $path"
done
for path in "$dir/pin" "$dir/so-pin" "$dir/softhsm2.conf"; do
	[[ $(mode_of "$path") == 600 ]] || fail "mode of $path"
done
cmp -s "$dir/pin" "$dir/so-pin" && fail "both PINs are the same"
SOFTHSM2_CONF=$dir/softhsm2.conf softhsm2-util --show-slots | grep -q 'Label: *keyhold *$' ||
	fail "no token"

before=$(cd "$dir" && find . -type f -exec sha256sum {} + | sort)
expect_status 0 "$init_token" --dir "$dir"
expect_output 'Nothing to do'
[[ $(cd "$dir" && find . -type f -exec sha256sum {} + | sort) == "$before" ]] ||
	fail "a second run changed something"

expect_status 0 "$init_token" --dir "$dir" --label "second token" --pin-file "$work/pin2"
[[ $(mode_of "$work/pin2") == 600 ]] || fail "mode of --pin-file"
[[ $(find "$dir/tokens" -mindepth 1 -maxdepth 1 | wc -l) == 2 ]] || fail "not two tokens"

# A PIN that the operator chose.
mkdir "$work/chosen"
(umask 077 && echo 87654321 >"$work/chosen/pin")
expect_status 0 "$init_token" --dir "$work/chosen.d" --pin-file "$work/chosen/pin"
[[ $(<"$work/chosen/pin") == 87654321 ]] || fail "the chosen PIN was replaced"

# A softhsm2-util that notes its arguments on the way.
mkdir "$work/bin"
cat >"$work/bin/softhsm2-util" <<END
#!/bin/sh
echo "\$@" >>"$work/arguments"
exec $(command -v softhsm2-util) "\$@"
END
chmod 755 "$work/bin/softhsm2-util"
expect_status 0 env PATH="$work/bin:$PATH" "$init_token" --dir "$work/spied"
grep -q -- --init-token "$work/arguments" || fail "the spy saw nothing"
grep -qF -e "$(<"$work/spied/pin")" -e "$(<"$work/spied/so-pin")" "$work/arguments" &&
	fail "a PIN in an argument list"

expect_status 2 "$init_token"
expect_status 2 "$init_token" --dir
expect_status 2 "$init_token" --dir "$work/x" --slot 1
expect_status 2 "$init_token" --dir "$work/x" --label ""
expect_status 2 "$init_token" --dir "$work/x" --label "$(printf '%033d' 0)"
expect_status 2 "$init_token" --dir "$work/x" --label ééééééééééééééééé
expect_status 0 "$init_token" --help
expect_output 'Usage:'

mkdir "$work/empty"
ln -s /bin/bash /usr/bin/{realpath,dirname,env,cat} "$work/empty"
expect_status 3 env PATH="$work/empty" bash "$init_token" --dir "$work/x"

rm "$work/pin2"
expect_status 4 "$init_token" --dir "$dir" --label "second token" --pin-file "$work/pin2"
expect_output 'its PIN is not in'
chmod 640 "$dir/pin"
expect_status 4 "$init_token" --dir "$dir"
expect_output 'chmod 600'
chmod 750 "$dir"
expect_status 4 "$init_token" --dir "$dir"
expect_output 'chmod 700'

printf '#!/bin/sh\nexit 1\n' >"$work/bin/softhsm2-util"
expect_status 5 env PATH="$work/bin:$PATH" "$init_token" --dir "$work/broken"
# shellcheck disable=SC2016 # the script that is written expands it
printf '#!/bin/sh\n[ "$1" = --show-slots ] || { echo no slot; exit 1; }\n' >"$work/bin/softhsm2-util"
expect_status 5 env PATH="$work/bin:$PATH" "$init_token" --dir "$work/broken"
expect_output 'no slot'
echo "init-token: all as promised"
