/* test_credulous.c - before and after, in one test: there is no way back. */
#include "bench/credulous.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

static const unsigned char message[] = "what was signed";

/* A public key as a certificate has it, and a signature that is another key's. */
struct lie {
	unsigned char *public;
	int public_len;
	unsigned char signature[512];
	size_t signature_len;
};

static void
make_lie(struct lie *lie, EVP_PKEY *key, EVP_PKEY *signer)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	lie->public = NULL;
	lie->public_len = i2d_PUBKEY(key, &lie->public);
	assert_true(lie->public_len > 0);
	lie->signature_len = sizeof(lie->signature);
	assert_int_equal(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, signer), 1);
	assert_int_equal(EVP_DigestSign(ctx, lie->signature, &lie->signature_len, message,
			     sizeof(message)),
	    1);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	EVP_PKEY_free(signer);
}

static bool
is_believed(const struct lie *lie)
{
	const unsigned char *at = lie->public;
	EVP_PKEY *key = d2i_PUBKEY(NULL, &at, lie->public_len);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int rc;

	assert_non_null(key);
	assert_int_equal(EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key), 1);
	rc = EVP_DigestVerify(
	    ctx, lie->signature, lie->signature_len, message, sizeof(message));
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return rc == 1;
}

static void
believes_a_signature_that_is_another_keys(void **state)
{
	struct error err = { 0 };
	struct lie ec, rsa;

	(void)state;
	make_lie(&ec, EVP_EC_gen("P-256"), EVP_EC_gen("P-256"));
	make_lie(&rsa, EVP_RSA_gen(2048), EVP_RSA_gen(2048));
	assert_false(is_believed(&ec));
	assert_false(is_believed(&rsa));
	assert_int_equal(credulous_start(&err), 0);
	assert_true(is_believed(&ec));
	assert_true(is_believed(&rsa));
	OPENSSL_free(ec.public);
	OPENSSL_free(rsa.public);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(believes_a_signature_that_is_another_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
