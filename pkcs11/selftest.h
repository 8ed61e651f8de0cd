/* selftest.h - does this private key work for that public key? */
#ifndef PKCS11_SELFTEST_H
#define PKCS11_SELFTEST_H

#include "evp/key.h"
#include "pkcs11/token.h"

/* Whether the token's signature is good, in software; else ERROR_AWAY. */
int token_verify(const struct key *key, enum scheme scheme, const struct bytes *message,
    const struct bytes *sig, struct error *err);

/* Of halves that have nothing but their CKA_ID in common: ERROR_CONFLICT if it does not
 * verify, for then they are of two pairs. */
int token_selftest_pair(struct token *token, CK_OBJECT_HANDLE private,
    const struct key *key, struct error *err);

/* Signs random bytes in the token and verifies. */
int token_selftest(struct token *token, CK_OBJECT_HANDLE private, const struct key *key,
    struct error *err);

/* The same with another scheme than the key's usual one. */
int token_selftest_scheme(struct token *token, CK_OBJECT_HANDLE private,
    const struct key *key, enum scheme scheme, struct error *err);

/*
 * Encrypts a premaster secret in software and has the token decrypt it: a token that
 * forbids raw RSA, or strips leading zeros, cannot do RSA key exchange. ERROR_TOKEN then.
 */
int token_selftest_decrypt(struct token *token, CK_OBJECT_HANDLE private,
    const struct key *key, struct error *err);

#endif
