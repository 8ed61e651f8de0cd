/* keytext.h - what there is to say of a key, for people. */
#ifndef PROVIDER_KEYTEXT_H
#define PROVIDER_KEYTEXT_H

#include <openssl/types.h>

#include "evp/key.h"

/* Writes name, type, hash and public key; 1, or 0 when bio does not take it. */
int keytext_print(BIO *bio, const struct key *key);

#endif
