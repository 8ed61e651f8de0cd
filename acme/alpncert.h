/* alpncert.h - the certificate of tls-alpn-01 (RFC 8737 section 3), and its key. */
#ifndef ACME_ALPNCERT_H
#define ACME_ALPNCERT_H

#include <openssl/types.h>

#include "acme/challenge.h"

/* A self-signed certificate, by key, which signs where it is. The caller frees. */
int alpncert_make(OSSL_LIB_CTX *libctx, EVP_PKEY *key, const struct proof *proof,
    X509 **certificate, struct error *err);

#endif
