/* selftest.h - does this private key work for that public key? */
#ifndef PKCS11_SELFTEST_H
#define PKCS11_SELFTEST_H

#include "evp/key.h"
#include "pkcs11/token.h"

/* Signs random bytes in the token and verifies in software; ERROR_TOKEN when that fails.
 */
int token_selftest(struct token *token, CK_OBJECT_HANDLE private, const struct key *key,
    struct error *err);

/*
 * Encrypts a premaster secret in software and has the token decrypt it: a token that
 * forbids raw RSA, or strips leading zeros, cannot do RSA key exchange. ERROR_TOKEN then.
 */
int token_selftest_decrypt(struct token *token, CK_OBJECT_HANDLE private,
    const struct key *key, struct error *err);

#endif
