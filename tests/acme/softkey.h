/* softkey.h - an account key in memory, where the tests have no token. */
#ifndef TESTS_ACME_SOFTKEY_H
#define TESTS_ACME_SOFTKEY_H

#include <openssl/evp.h>

#include "acme/acme.h"

struct softkey {
	EVP_PKEY *pkey;
	unsigned char spki[1024];
	struct acme_key key; /* what acme/ takes */
	int signatures;      /* made so far */
};

/* type is "EC" with a curve, "RSA" with its bits as text, or "ED25519". */
void softkey_make(struct softkey *softkey, const char *type, const char *size);

/* Of an EVP_PKEY, which is taken over. */
void softkey_take(struct softkey *softkey, EVP_PKEY *pkey);
void softkey_clear(struct softkey *softkey);

#endif
