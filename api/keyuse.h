/* keyuse.h - what a key's use lets it sign, and decrypt. */
#ifndef API_KEYUSE_H
#define API_KEYUSE_H

#include "pkcs11/keystore.h"

/*
 * ERROR_FORBIDDEN when a key of this use must not sign this message for a client;
 * ERROR_UNSUPPORTED when the scheme is not for such a key.
 */
int keyuse_check(const struct keystore_key *key, enum scheme scheme,
    const struct bytes *message, struct error *err);

/* ERROR_FORBIDDEN when a key of this use must not decrypt. */
int keyuse_check_decrypt(const struct keystore_key *key, struct error *err);

#endif
