/* decrypt.h - one premaster secret by a key handle. */
#ifndef PKCS11_DECRYPT_H
#define PKCS11_DECRYPT_H

#include "evp/key.h"
#include "pkcs11/token.h"

/*
 * Decrypts as key_backend's decrypt says. ERROR_BAD_REQUEST when the ciphertext is not as
 * long as the modulus; whatever else is wrong with it gives random bytes. A session that
 * turns out dead is replaced and the decryption tried once more. From any thread.
 */
int token_decrypt(struct token *token, CK_OBJECT_HANDLE handle, const struct key *key,
    const struct bytes *ciphertext, unsigned char premaster[static PREMASTER_BYTES],
    struct error *err);

#endif
