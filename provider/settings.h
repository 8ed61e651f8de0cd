/*
 * settings.h - keyhold.so's section of openssl.cnf.
 *
 * socket is its value, else KEYHOLD_SOCKET of the environment, else the default. The
 * timeouts are whole numbers of milliseconds.
 */
#ifndef PROVIDER_SETTINGS_H
#define PROVIDER_SETTINGS_H

#include <openssl/core.h>

#include "base/error.h"

struct settings {
	const char *sockets; /* the core's or the environment's */
	int connect_timeout_ms;
	int answer_timeout_ms;
};

int settings_read(struct settings *settings, const OSSL_CORE_HANDLE *core,
    const OSSL_DISPATCH *in, struct error *err);

#endif
