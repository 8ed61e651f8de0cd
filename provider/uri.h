/*
 * uri.h - keyhold:NAME and keyhold:NAME?spki=HEX.
 *
 * The query pins the SHA-256 of the SubjectPublicKeyInfo, so a key that was replaced
 * under the same name is refused.
 */
#ifndef PROVIDER_URI_H
#define PROVIDER_URI_H

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"
#include "evp/key.h"

#define URI_SCHEME "keyhold"

struct uri {
	char name[NAME_MAX_CHARS + 1];
	bool pinned;
	unsigned char spki_sha256[KEY_SHA256_SIZE];
};

int uri_read(const char *text, struct uri *uri, struct error *err);

#endif
