/*
 * builtin.h - evp/ as a provider built into the program, in an OSSL_LIB_CTX of its own.
 *
 * The library context is the daemon's, never the default one: a PKCS#11 module that
 * itself uses OpenSSL must not find this provider and come back in.
 */
#ifndef EVP_BUILTIN_H
#define EVP_BUILTIN_H

#include <openssl/types.h>

#include "base/error.h"
#include "evp/key.h"

struct builtin;

/* backend and backend_ctx must outlive it, and every EVP_PKEY made from it too. */
int builtin_new(const struct key_backend *backend, void *backend_ctx,
    struct builtin **builtin, struct error *err);
void builtin_free(struct builtin *builtin);

OSSL_LIB_CTX *builtin_libctx(const struct builtin *builtin);

/* An EVP_PKEY whose private operations go to the backend; the caller frees it. */
int builtin_pkey(const struct builtin *builtin, const struct key *key, EVP_PKEY **pkey,
    struct error *err);

#endif
