/* activated.h - keyhold.so in a library context of its own, as a proxy has it. */
#ifndef TESTS_PROVIDER_ACTIVATED_H
#define TESTS_PROVIDER_ACTIVATED_H

#include <openssl/types.h>

#include "evp/key.h"

struct activated {
	OSSL_LIB_CTX *libctx;
	OSSL_PROVIDER *first, *second;
};

/* cmocka's setup in either order of activation, and its teardown: *state is an activated.
 */
int activated_after_default(void **state);
int activated_before_default(void **state);
int activated_close(void **state);

/* Before default, with the property query that makes up for it: "?provider=default". */
int activated_preferring_default(void **state);

/* What comes of the reference of software_key(type), in PEM; the caller frees it. */
EVP_PKEY *activated_key(const struct activated *l, enum key_type type);
EVP_PKEY *activated_from_pem(const struct activated *l, const char *pem);

/* The reference's PEM; the caller's buffer. */
void activated_reference(enum key_type type, struct buffer *pem);

/* "default" or "keyhold": who has the key. */
const char *activated_holder(const EVP_PKEY *pkey);

/* An order in which OpenSSL asks keyhold for keys that it must not make is no order. */
#define LOADED_WELL_TEST(test)                                                           \
	cmocka_unit_test_setup_teardown(test, activated_after_default, activated_close), \
	{                                                                                \
#test " (?provider=default)", test, activated_preferring_default,        \
		    activated_close, NULL                                                \
	}

#define LOADED_TEST(test)                                                                \
	LOADED_WELL_TEST(test),                                                          \
	{                                                                                \
#test " (keyhold before default)", test, activated_before_default,       \
		    activated_close, NULL                                                \
	}

#endif
