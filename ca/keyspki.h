/*
 * keyspki.h - between an EVP_PKEY and a SubjectPublicKeyInfo, without OpenSSL's decoders
 * and encoders.
 *
 * Those are looked for anew each time, which costs ten times what the key costs. What is
 * unusual goes their way all the same: the same keys are read as by them.
 */
#ifndef CA_KEYSPKI_H
#define CA_KEYSPKI_H

#include <openssl/types.h>

/* *key is the caller's. -1 when it cannot be read, with reasons on OpenSSL's queue. */
int keyspki_read(OSSL_LIB_CTX *libctx, const X509_PUBKEY *spki, EVP_PKEY **key);

/* The caller's, or NULL. */
X509_PUBKEY *keyspki_write(const EVP_PKEY *key);

/* The same over an SPKI that is there; -1 for keys that only OpenSSL can write. */
int keyspki_fill(const EVP_PKEY *key, X509_PUBKEY *spki);

#endif
