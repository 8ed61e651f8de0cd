#!/bin/sh
# test_exports.sh - keyhold.so shows a proxy one symbol, brings in libcrypto and libc, and has
# no means to start a thread, take a signal, or be called at a fork or at the end.
# usage: test_exports.sh KEYHOLD.SO yes|no (is it a sanitizer build?)
set -eu
module=$1
sanitized=$2

exported=$(nm -D --defined-only "$module" | awk '{ sub(/@.*/, "", $3); print $3 }')
if [ "$exported" != OSSL_provider_init ]; then
	printf 'exported, beside OSSL_provider_init:\n%s\n' "$exported"
	exit 1
fi

if [ "$sanitized" = yes ]; then
	echo "libraries not checked: a sanitizer build needs the sanitizer's"
	exit 0
fi
forbidden=$(nm -D --undefined-only "$module" | awk '{ sub(/@.*/, "", $2); print $2 }' |
	grep -xE 'pthread_create|signal|sigaction|atexit|__cxa_atexit|on_exit|pthread_atfork|__register_atfork|fork|vfork|exit|_exit' ||
	true)
if [ -n "$forbidden" ]; then
	printf 'calls what a guest in a proxy must not:\n%s\n' "$forbidden"
	exit 1
fi
needed=$(readelf -d "$module" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort | tr '\n' ' ')
if [ "$needed" != "libc.so.6 libcrypto.so.3 " ]; then
	echo "needs $needed"
	exit 1
fi
