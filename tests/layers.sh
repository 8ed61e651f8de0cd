#!/bin/bash
# layers.sh - holds the includes to the layering: a folder includes itself and what is
# below it, and each foreign library has one home.
#
# layers.sh [DIR] checks a source tree; layers.sh --can-fail [DIR] plants bad includes in
# copies of it and succeeds when each is found.
set -euo pipefail
shopt -s nullglob

# What each folder may include besides itself.
declare -rA may_include=(
	[base]=''
	[evp]='base'
	[client]='base'
	[rest]='base client'
	[probe]='base'
	[agent]='base client rest probe acme'
	[store]='base'
	[ca]='base evp store'
	[pkcs11]='base evp'
	[provider]='base evp client'
	[acme]='base evp'
	[cli]='base client rest probe acme agent'
	[api]='base ca evp pkcs11 store'
	[service]='base evp client store ca pkcs11 api'
	[bench]='base evp client pkcs11'
)

# header (a pattern) | where it may be included: folders and files
readonly homes='
libp11.h                 pkcs11
p11-kit/*                pkcs11 bench/token_load.c
pkcs11*.h                pkcs11
sqlite3.h                store
microhttpd.h             service/server.c service/gate.c service/gate.h service/http_body.c service/http_response.c
gnutls/*                 service/gate.c service/https.c service/https.h service/https_key.c service/https_key.h
jansson.h                api/json.c rest agent cli acme
curl/*                   acme/http.c
openssl/core_dispatch.h  evp provider
openssl/core.h           evp provider
openssl/engine.h         bench/credulous.c
openssl/ssl.h            probe acme/tlsalpn01.c bench
cyaml/*                  service
yaml.h                   service cli
seccomp.h                service/cage_filter.c
linux/landlock.h         service/cage_files.c
systemd/*                service
libpsl.h                 ca/publicsuffix.c
idn2.h                   ca/alabel.c
'

# A header of ours, in quotes or angle brackets.
check_folder() {
	local file=$1 folder=$2 header=$3 target=${3%%/*}
	[[ $header == */* && -v may_include[$target] ]] || return 0
	[[ $target == "$folder" || " ${may_include[$folder]} " == *" $target "* ]] && return 0
	printf '%s: %s/ may not include %s\n' "$file" "$folder" "$header"
}

# The table above, read once.
patterns=() allowed=()
while read -r pattern places; do
	[[ -z $pattern ]] || patterns+=("$pattern") allowed+=("$places")
done <<<"$homes"

check_home() {
	local file=$1 folder=$2 header=$3 i
	[[ ! -v may_include[${header%%/*}] ]] || return 0
	for i in "${!patterns[@]}"; do
		# shellcheck disable=SC2053 # a pattern
		[[ $header == ${patterns[i]} ]] || continue
		[[ " ${allowed[i]} " == *" $folder "* || " ${allowed[i]} " == *" $file "* ]] && continue
		printf '%s: %s has its home in: %s\n' "$file" "$header" "${allowed[i]:-nowhere}"
	done
}

# One line of a file, as grep gives it.
check_include() {
	local file=$1 folder=${1%%/*} line=$2
	[[ $line =~ ^[[:space:]]*#[[:space:]]*include[[:space:]]*[\"\<]([^\"\>]+)[\"\>] ]] || {
		printf '%s: an include that is not a name: %s\n' "$file" "$line"
		return
	}
	check_folder "$file" "$folder" "${BASH_REMATCH[1]}"
	check_home "$file" "$folder" "${BASH_REMATCH[1]}"
	case ${BASH_REMATCH[1]} in
	../* | */../* | tests/*)
		printf '%s: includes %s\n' "$file" "${BASH_REMATCH[1]}"
		;;
	esac
}

list_broken() {
	local file line
	grep -HE '^[[:space:]]*#[[:space:]]*include' "$@" | while IFS=: read -r file line; do
		check_include "$file" "$line"
	done | sort
}

# Prints every broken rule; fails if there is one, or nothing to look at.
check_tree() {
	local folder found files=() templates=()
	cd "$1"
	for folder in "${!may_include[@]}"; do
		files+=("$folder"/*.[ch])
		templates+=("$folder"/*.[ch].in)
	done
	((${#files[@]} > 100)) || {
		echo "layers.sh: only ${#files[@]} files below $1"
		return 1
	}
	found=$(list_broken "${files[@]}" "${templates[@]}")
	if [[ -n $found ]]; then
		printf '%s\n' "$found"
		return 1
	fi
	echo "layers: ${#files[@]} files, every include goes down"
}

# file and include, each of which must be refused
readonly planted='
base/text.c     "evp/key.h"
client/client.c "store/store.h"
client/client.c <jansson.h>
rest/rest.c     "cli/cli.h"
provider/uri.c  "rest/url.h"
agent/key.c     "cli/cli.h"
agent/key.c     "store/store.h"
ca/csr.c        "pkcs11/token.h"
ca/csr.c        "api/api.h"
store/store.c   "ca/csr.h"
evp/key.h       "client/client.h"
pkcs11/token.h  "store/store.h"
api/json.h      "service/config.h"
service/main.c  "cli/command.h"
service/main.c  "provider/uri.h"
provider/uri.c  "pkcs11/token.h"
cli/main.c      "ca/csr.h"
acme/obtain.c   "client/client.h"
cli/main.c      "base/../ca/csr.h"
cli/main.c      <ca/csr.h>
api/json.c      "tests/support/token.h"
api/keys.c      <jansson.h>
service/main.c  <jansson.h>
acme/session.c  <curl/curl.h>
cli/main.c      <curl/curl.h>
acme/session.c  <openssl/ssl.h>
service/main.c  <libp11.h>
api/keys.c      <p11-kit/pkcs11.h>
ca/issuers.c    <sqlite3.h>
service/peer.c  <microhttpd.h>
service/main.c  <seccomp.h>
ca/dnsname.c    <libpsl.h>
ca/dnsname.c    <idn2.h>
pkcs11/sign.c   <openssl/core_dispatch.h>
probe/probe.c   "client/client.h"
cli/main.c      <openssl/ssl.h>
base/text.c     MACRO
'

# All are planted at once; each is found if it has a line with its file and its include.
prove_it_can_fail() {
	local copy file include name found line missed=0 count=0
	copy=$(mktemp -d)
	# shellcheck disable=SC2064 # the name of now
	trap "rm -rf -- '$copy'" EXIT
	(cd "$1" && cp -r --parents "${!may_include[@]}" "$copy")
	(check_tree "$copy") >/dev/null || {
		echo "the tree breaks the rules before anything is planted"
		return 1
	}
	while read -r file include; do
		[[ -n $file ]] || continue
		printf '#include %s\n' "$include" >>"$copy/$file"
	done <<<"$planted"
	! found=$(check_tree "$copy") || missed=1
	while read -r file include; do
		[[ -n $file ]] || continue
		count=$((count + 1))
		name=${include#[\"<]}
		name=${name%[\">]}
		line=$(grep -nEm1 "^$file: (.* )?$name( |$)" <<<"$found") || {
			echo "not found: $include in $file"
			missed=$((missed + 1))
			continue
		}
		found=$(sed "${line%%:*}d" <<<"$found")
	done <<<"$planted"
	((missed == 0)) && echo "layers: every one of $count planted includes was found"
}

root=$(realpath "$(dirname "$0")/..")
case ${1-} in
--can-fail) prove_it_can_fail "${2:-$root}" ;;
-*)
	echo "Usage: $0 [--can-fail] [DIR]" >&2
	exit 2
	;;
*) check_tree "${1:-$root}" ;;
esac
