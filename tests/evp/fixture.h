/* fixture.h - evp/ through builtin.h, over software keys. */
#ifndef TESTS_EVP_FIXTURE_H
#define TESTS_EVP_FIXTURE_H

#include "evp/builtin.h"
#include "tests/evp/software.h"

struct fixture {
	struct software_backend backend;
	struct builtin *builtin;
	OSSL_LIB_CTX *libctx;
	EVP_PKEY *pkeys[KEY_TYPES]; /* held by the backend */
};

/* cmocka setup and teardown: *state is the fixture. */
int fixture_open(void **state);
int fixture_close(void **state);

#define FIXTURE_TEST(name)                                                               \
	cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

#endif
