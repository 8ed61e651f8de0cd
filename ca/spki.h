/* spki.h - the hashes by which public keys are known. */
#ifndef CA_SPKI_H
#define CA_SPKI_H

#include <stdbool.h>

#include <openssl/types.h>

#include "base/error.h"

#define SPKI_HASH_BYTES   32
#define SPKI_KEY_ID_BYTES 20

/* SHA-256 of the DER SubjectPublicKeyInfo. */
int spki_sha256(OSSL_LIB_CTX *libctx, const EVP_PKEY *key,
    unsigned char hash[static SPKI_HASH_BYTES], struct error *err);

/* The same of a key as it stands in a request or certificate, without reading it. */
int spki_sha256_encoded(OSSL_LIB_CTX *libctx, const X509_PUBKEY *spki,
    unsigned char hash[static SPKI_HASH_BYTES], struct error *err);

/*
 * An RSA key can be written in two ways, with rsaEncryption and with id-RSASSA-PSS: the
 * hash of the one that key does not have. *exists is false for other keys.
 */
int spki_sha256_other(OSSL_LIB_CTX *libctx, const EVP_PKEY *key,
    unsigned char hash[static SPKI_HASH_BYTES], bool *exists, struct error *err);

/* The key identifier of a certificate's key: RFC 7093 section 2 method 1. */
int spki_key_id(OSSL_LIB_CTX *libctx, const X509 *cert,
    unsigned char id[static SPKI_KEY_ID_BYTES], struct error *err);

#endif
