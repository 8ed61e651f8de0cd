/* keyring_state.h - what the files of the keyring share. */
#ifndef PKCS11_KEYRING_STATE_H
#define PKCS11_KEYRING_STATE_H

#include "pkcs11/keyring.h"

struct keyring {
	size_t count;
	struct keystore *stores[KEYRING_TOKENS_MAX];
};

/* Where the key is at home, or NULL. */
struct keystore *keyring_home(const struct keyring *ring, const struct keystore_key *key);

/* "token NAME, where key NAME is at home, is not in the configuration" */
int keyring_lacks_home(const struct keystore_key *key, struct error *err);

#endif
