/* software.h - keys that OpenSSL holds itself: to compare with, and as a key_backend. */
#ifndef TESTS_EVP_SOFTWARE_H
#define TESTS_EVP_SOFTWARE_H

#include <stdbool.h>

#include <openssl/types.h>

#include "evp/key.h"

/* Makes one key of each type; aborts when OpenSSL cannot. cmocka's group setup. */
int software_make(void **state);
int software_free(void **state);

/* Belongs to this file. */
EVP_PKEY *software_key(enum key_type type);

/* The same key as evp/ sees it. */
struct key software_describe(enum key_type type, const char *name);

/* Appends what i2d_PUBKEY says of any key. */
void software_spki(EVP_PKEY *pkey, struct buffer *der);

/* Does the default provider accept this signature? PSS with a salt of the hash's length.
 */
bool software_verifies(const struct key *key, enum scheme scheme,
    const struct bytes *message, const struct bytes *sig);

/* Signs and decrypts with software_key(key->type). */
struct software_backend {
	unsigned calls;
	enum scheme scheme; /* of the last call */
	size_t len;         /* of its message, or ciphertext */
	struct error fail;  /* what to fail with, unless ERROR_NONE */
};
extern const struct key_backend software_backend;

/* Prepares ctx for the scheme through OpenSSL's public calls; 1 or less, as they say. */
int software_sign_init(
    EVP_MD_CTX *ctx, OSSL_LIB_CTX *libctx, EVP_PKEY *pkey, enum scheme scheme);

/* Prepares ctx for RSA key exchange as libssl does (tls_process_cke_rsa); 1 or less. */
int software_decrypt_init(EVP_PKEY_CTX *ctx, unsigned client_version);

#endif
