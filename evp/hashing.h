/*
 * hashing.h - a library context that can hash, and nothing else.
 *
 * What OpenSSL 3.0 parses with it keeps its public keys as bytes: there is nothing that
 * could decode them, and no list of decoders to go through each time.
 */
#ifndef EVP_HASHING_H
#define EVP_HASHING_H

#include <openssl/types.h>

/* One for the process, made at the first call and never freed; NULL without memory. */
OSSL_LIB_CTX *hashing_libctx(void);

#endif
