/* https_key.h - a key in the token as GnuTLS's private key. */
#ifndef SERVICE_HTTPS_KEY_H
#define SERVICE_HTTPS_KEY_H

#include <gnutls/abstract.h>

#include "api/api.h"
#include "pkcs11/keyring.h"

/*
 * GnuTLS's code; api and name outlive the key, which is the caller's. It signs what
 * GnuTLS asks for in a handshake, which is recorded under the key's name as asked for by
 * the daemon, and decrypts nothing.
 */
int https_key_new(struct api *api, const char *name,
    const unsigned char spki_sha256[static 32], enum key_type type,
    gnutls_privkey_t *key);

#endif
