/* ocsp_key.h - the keys on the token that sign OCSP answers. */
#ifndef API_OCSP_KEY_H
#define API_OCSP_KEY_H

#include <openssl/types.h>

#include "base/error.h"

/*
 * The key of use ca named ISSUER-ocsp, made as ec-p256 when there is none: an
 * ocsp_key_source whose ctx is the api. A name that leaves no room for that becomes
 * ocsp- and the start of its SHA-256. ERROR_CONFLICT when a key of that name is for
 * something else. Takes api->changes.
 */
int ocsp_key(void *ctx, const char *issuer, EVP_PKEY **key, struct error *err);

#endif
