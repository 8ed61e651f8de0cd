/* keycheck.h - whether a public key may be certified. */
#ifndef CA_KEYCHECK_H
#define CA_KEYCHECK_H

#include <openssl/types.h>
#include <openssl/x509.h>

#include "base/error.h"
#include "ca/violation.h"

/*
 * Reads the key out of spki and adds what is wrong with it to v. *key is the
 * caller's, and NULL when the key cannot be read or is too large to verify with.
 */
int keycheck_read(OSSL_LIB_CTX *libctx, X509_PUBKEY *spki, EVP_PKEY **key,
    struct violations *v, struct error *err);

/* The same rules for a key at hand, such as one of this authority's own. */
int keycheck_key(
    OSSL_LIB_CTX *libctx, EVP_PKEY *key, struct violations *v, struct error *err);

#endif
