/* use.c - the names of what keys are for. */
#include <string.h>

#include "pkcs11/keystore.h"

static const char *const use_names[] = {
	[KEY_USE_TLS] = "tls",
	[KEY_USE_CA] = "ca",
	[KEY_USE_SIGN] = "sign",
	[KEY_USE_TLS_RSA_KEX] = "tls-rsa-kex",
	[KEY_USE_AUDIT] = "audit",
};

const char *
key_use_name(enum key_use use)
{
	return use_names[use];
}

int
key_use_read(const char *name, enum key_use *use, struct error *err)
{
	for (size_t i = 0; i < sizeof(use_names) / sizeof(use_names[0]); i++) {
		if (strcmp(use_names[i], name) == 0) {
			*use = (enum key_use)i;
			return 0;
		}
	}
	return error_set(err, ERROR_BAD_REQUEST,
	    "\"%.32s\" is not a use; one of tls tls-rsa-kex ca sign", name);
}
