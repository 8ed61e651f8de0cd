/* test_verify.c - EVP_DigestVerify with a key that lives elsewhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "tests/evp/fixture.h"

static const unsigned char text[] = "signed elsewhere";

struct signed_text {
	unsigned char sig[SIGNATURE_MAX_BYTES];
	size_t len;
};

static struct signed_text
sign(enum key_type type, enum scheme scheme)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	struct signed_text s = { .len = sizeof(s.sig) };

	assert_int_equal(software_sign_init(ctx, NULL, software_key(type), scheme), 1);
	assert_int_equal(EVP_DigestSign(ctx, s.sig, &s.len, text, sizeof(text)), 1);
	EVP_MD_CTX_free(ctx);
	return s;
}

/* A context that waits for the message. */
static EVP_MD_CTX *
start(struct fixture *f, enum key_type type, enum scheme scheme)
{
	const struct scheme_info *info = scheme_info(scheme);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *verify = NULL;

	assert_int_equal(EVP_DigestVerifyInit_ex(ctx, &verify, info->hash, f->libctx,
			     NULL, f->pkeys[type], NULL),
	    1);
	if (info->pss) {
		assert_true(
		    EVP_PKEY_CTX_set_rsa_padding(verify, RSA_PKCS1_PSS_PADDING) > 0);
		assert_true(
		    EVP_PKEY_CTX_set_rsa_pss_saltlen(verify, RSA_PSS_SALTLEN_DIGEST) > 0);
	}
	return ctx;
}

static void
verifies_every_scheme_with_every_key_it_fits(void **state)
{
	for (int s = 0; s < SCHEMES; s++) {
		for (int t = 0; t < KEY_TYPES; t++) {
			struct signed_text made;
			EVP_MD_CTX *ctx;

			if (!scheme_fits((enum scheme)s, (enum key_type)t))
				continue;
			made = sign((enum key_type)t, (enum scheme)s);
			ctx = start(*state, (enum key_type)t, (enum scheme)s);
			assert_int_equal(
			    EVP_DigestVerify(ctx, made.sig, made.len, text, sizeof(text)),
			    1);
			EVP_MD_CTX_free(ctx);
		}
	}
}

static void
verifies_in_pieces_and_in_a_copied_context(void **state)
{
	static const enum key_type types[] = { KEY_EC_P256, KEY_RSA_2048,
		KEY_RSA_PSS_2048 };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		enum scheme scheme = scheme_default(types[i]);
		struct signed_text made = sign(types[i], scheme);
		EVP_MD_CTX *ctx = start(*state, types[i], scheme);
		EVP_MD_CTX *copy = EVP_MD_CTX_new();

		assert_int_equal(EVP_DigestVerifyUpdate(ctx, text, 4), 1);
		assert_int_equal(EVP_MD_CTX_copy_ex(copy, ctx), 1);
		assert_int_equal(EVP_DigestVerifyUpdate(ctx, "other", 5), 1);
		assert_int_not_equal(EVP_DigestVerifyFinal(ctx, made.sig, made.len), 1);
		EVP_MD_CTX_free(ctx);
		assert_int_equal(
		    EVP_DigestVerifyUpdate(copy, text + 4, sizeof(text) - 4), 1);
		assert_int_equal(EVP_DigestVerifyFinal(copy, made.sig, made.len), 1);
		EVP_MD_CTX_free(copy);
	}
}

static void
refuses_a_signature_of_something_else(void **state)
{
	for (int t = 0; t < KEY_TYPES; t++) {
		enum scheme scheme = scheme_default((enum key_type)t);
		struct signed_text made = sign((enum key_type)t, scheme);
		EVP_MD_CTX *ctx = start(*state, (enum key_type)t, scheme);

		assert_int_not_equal(
		    EVP_DigestVerify(ctx, made.sig, made.len, text + 1, 5), 1);
		EVP_MD_CTX_free(ctx);
		made.sig[made.len - 1] ^= 1;
		ctx = start(*state, (enum key_type)t, scheme);
		assert_int_not_equal(
		    EVP_DigestVerify(ctx, made.sig, made.len, text, sizeof(text)), 1);
		EVP_MD_CTX_free(ctx);
	}
}

static void
asks_the_backend_nothing(void **state)
{
	struct fixture *f = *state;
	struct signed_text made = sign(KEY_EC_P256, SCHEME_ECDSA_SECP256R1_SHA256);
	EVP_MD_CTX *ctx = start(f, KEY_EC_P256, SCHEME_ECDSA_SECP256R1_SHA256);

	assert_int_equal(
	    EVP_DigestVerify(ctx, made.sig, made.len, text, sizeof(text)), 1);
	assert_int_equal(f->backend.calls, 0);
	EVP_MD_CTX_free(ctx);
}

static void
a_context_that_verified_signs(void **state)
{
	struct fixture *f = *state;
	struct signed_text made = sign(KEY_EC_P256, SCHEME_ECDSA_SECP256R1_SHA256);
	EVP_MD_CTX *ctx = start(f, KEY_EC_P256, SCHEME_ECDSA_SECP256R1_SHA256);
	size_t len = sizeof(made.sig);

	assert_int_equal(
	    EVP_DigestVerify(ctx, made.sig, made.len, text, sizeof(text)), 1);
	assert_int_equal(software_sign_init(ctx, f->libctx, f->pkeys[KEY_EC_P256],
			     SCHEME_ECDSA_SECP256R1_SHA256),
	    1);
	assert_int_equal(EVP_DigestSign(ctx, made.sig, &len, text, sizeof(text)), 1);
	assert_int_equal(f->backend.calls, 1);
	EVP_MD_CTX_free(ctx);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(verifies_every_scheme_with_every_key_it_fits),
		FIXTURE_TEST(verifies_in_pieces_and_in_a_copied_context),
		FIXTURE_TEST(refuses_a_signature_of_something_else),
		FIXTURE_TEST(asks_the_backend_nothing),
		FIXTURE_TEST(a_context_that_verified_signs),
	};

	return cmocka_run_group_tests(tests, software_make, software_free);
}
