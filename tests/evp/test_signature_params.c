/* test_signature_params.c - digest, padding, salt and MGF1 digest, set and read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rsa.h>

#include "tests/evp/fixture.h"

static const unsigned char text[] = "to be signed";

static int
sign_with_salt(struct fixture *f, int salt_len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *sign = NULL;
	unsigned char sig[SIGNATURE_MAX_BYTES];
	size_t len = sizeof(sig);
	int ok;

	assert_int_equal(EVP_DigestSignInit_ex(ctx, &sign, "SHA384", f->libctx, NULL,
			     f->pkeys[KEY_RSA_2048], NULL),
	    1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(sign, RSA_PKCS1_PSS_PADDING), 1);
	ok = EVP_PKEY_CTX_set_rsa_pss_saltlen(sign, salt_len) == 1 &&
	     EVP_DigestSign(ctx, sig, &len, text, sizeof(text)) == 1;
	EVP_MD_CTX_free(ctx);
	return ok;
}

static void
pss_salt_is_as_long_as_the_digest_or_refused(void **state)
{
	struct fixture *f = *state;

	assert_true(sign_with_salt(f, RSA_PSS_SALTLEN_DIGEST));
	assert_true(sign_with_salt(f, 48));
	f->backend.calls = 0;
	assert_false(sign_with_salt(f, 0));
	assert_false(sign_with_salt(f, 32));
	assert_false(sign_with_salt(f, RSA_PSS_SALTLEN_MAX));
	assert_false(sign_with_salt(f, RSA_PSS_SALTLEN_AUTO));
	assert_int_equal(f->backend.calls, 0);
}

static int
set_text(struct fixture *f, const char *name, const char *value)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *sign = NULL;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(
		    OSSL_SIGNATURE_PARAM_PAD_MODE, (char[]){ "pss" }, 0),
		OSSL_PARAM_construct_utf8_string(name, (char *)(uintptr_t)value, 0),
		OSSL_PARAM_construct_end(),
	};
	int ok;

	assert_int_equal(EVP_DigestSignInit_ex(ctx, &sign, "SHA256", f->libctx, NULL,
			     f->pkeys[KEY_RSA_2048], NULL),
	    1);
	ok = EVP_PKEY_CTX_set_params(sign, params) == 1;
	EVP_MD_CTX_free(ctx);
	return ok;
}

/* openssl(1) sends -sigopt as text. */
static void
takes_its_options_as_text(void **state)
{
	assert_true(set_text(*state, OSSL_SIGNATURE_PARAM_PSS_SALTLEN, "digest"));
	assert_true(set_text(*state, OSSL_SIGNATURE_PARAM_PSS_SALTLEN, "-1"));
	assert_true(set_text(*state, OSSL_SIGNATURE_PARAM_PSS_SALTLEN, "32"));
	assert_false(set_text(*state, OSSL_SIGNATURE_PARAM_PSS_SALTLEN, "-2"));
	assert_true(set_text(*state, OSSL_SIGNATURE_PARAM_MGF1_DIGEST, "SHA256"));
	assert_false(set_text(*state, OSSL_SIGNATURE_PARAM_PSS_SALTLEN, "max"));
	assert_false(set_text(*state, OSSL_SIGNATURE_PARAM_PSS_SALTLEN, "auto"));
	assert_false(set_text(*state, OSSL_SIGNATURE_PARAM_PSS_SALTLEN, "-1x"));
	assert_false(set_text(*state, OSSL_SIGNATURE_PARAM_MGF1_DIGEST, "SHA1"));
	assert_false(set_text(*state, OSSL_SIGNATURE_PARAM_MGF1_DIGEST, "SHA512"));
	assert_false(set_text(*state, OSSL_SIGNATURE_PARAM_DIGEST, "SHA1"));
}

static void
refuses_other_paddings(void **state)
{
	static const int paddings[] = { RSA_NO_PADDING, RSA_PKCS1_OAEP_PADDING,
		RSA_X931_PADDING };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(paddings) / sizeof(paddings[0]); i++) {
		EVP_MD_CTX *ctx = EVP_MD_CTX_new();
		EVP_PKEY_CTX *sign = NULL;

		assert_int_equal(EVP_DigestSignInit_ex(ctx, &sign, "SHA256", f->libctx,
				     NULL, f->pkeys[KEY_RSA_2048], NULL),
		    1);
		assert_int_not_equal(EVP_PKEY_CTX_set_rsa_padding(sign, paddings[i]), 1);
		EVP_MD_CTX_free(ctx);
	}
}

static EVP_PKEY_CTX *
start(struct fixture *f, EVP_MD_CTX *ctx, enum key_type type, const char *hash)
{
	EVP_PKEY_CTX *sign = NULL;

	assert_int_equal(EVP_DigestSignInit_ex(
			     ctx, &sign, hash, f->libctx, NULL, f->pkeys[type], NULL),
	    1);
	return sign;
}

static int
sign(EVP_MD_CTX *ctx)
{
	unsigned char sig[SIGNATURE_MAX_BYTES];
	size_t len = sizeof(sig);

	return EVP_DigestSign(ctx, sig, &len, text, sizeof(text)) == 1;
}

static void
tells_the_salt_as_number_and_as_text(void **state)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *params = start(*state, ctx, KEY_RSA_2048, "SHA256");
	char written[16] = "";
	int number = 0, salt_len = 0;
	OSSL_PARAM as_number[] = {
		OSSL_PARAM_construct_int(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, &number),
		OSSL_PARAM_construct_end(),
	};
	OSSL_PARAM as_text[] = {
		OSSL_PARAM_construct_utf8_string(
		    OSSL_SIGNATURE_PARAM_PSS_SALTLEN, written, sizeof(written)),
		OSSL_PARAM_construct_end(),
	};

	assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(params, RSA_PKCS1_PSS_PADDING), 1);
	assert_int_equal(EVP_PKEY_CTX_get_params(params, as_text), 1);
	assert_string_equal(written, "digest");
	assert_int_equal(EVP_PKEY_CTX_get_params(params, as_number), 1);
	assert_int_equal(number, RSA_PSS_SALTLEN_DIGEST);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(params, 32), 1);
	assert_int_equal(EVP_PKEY_CTX_get_params(params, as_text), 1);
	assert_string_equal(written, "32");
	assert_true(EVP_PKEY_CTX_get_rsa_pss_saltlen(params, &salt_len) > 0);
	assert_int_equal(salt_len, 32);
	EVP_MD_CTX_free(ctx);
}

static void
tells_the_mgf1_digest(void **state)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *params = start(*state, ctx, KEY_RSA_PSS_2048, "SHA384");
	const EVP_MD *md = NULL;

	assert_non_null(OSSL_PARAM_locate_const(
	    EVP_PKEY_CTX_gettable_params(params), OSSL_SIGNATURE_PARAM_MGF1_DIGEST));
	assert_int_equal(EVP_PKEY_CTX_get_rsa_mgf1_md(params, &md), 1);
	assert_true(EVP_MD_is_a(md, "SHA384"));
	EVP_MD_CTX_free(ctx);
}

static void
refuses_a_digest_that_differs_from_the_mgf1_digest_of_before(void **state)
{
	struct fixture *f = *state;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *params = start(f, ctx, KEY_RSA_2048, "SHA256");

	assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(params, RSA_PKCS1_PSS_PADDING), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_mgf1_md(params, EVP_sha256()), 1);
	assert_int_not_equal(EVP_PKEY_CTX_set_signature_md(params, EVP_sha384()), 1);
	f->backend.calls = 0;
	assert_false(sign(ctx));
	assert_int_equal(f->backend.calls, 0);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_mgf1_md(params, EVP_sha384()), 1);
	assert_true(sign(ctx));
	assert_int_equal(f->backend.scheme, SCHEME_RSA_PSS_RSAE_SHA384);
	EVP_MD_CTX_free(ctx);
}

static void
takes_a_digest_and_its_mgf1_digest_together(void **state)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *params = start(*state, ctx, KEY_RSA_PSS_2048, "SHA256");
	OSSL_PARAM both[] = {
		OSSL_PARAM_construct_utf8_string(
		    OSSL_SIGNATURE_PARAM_DIGEST, (char[]){ "SHA384" }, 0),
		OSSL_PARAM_construct_utf8_string(
		    OSSL_SIGNATURE_PARAM_MGF1_DIGEST, (char[]){ "SHA384" }, 0),
		OSSL_PARAM_construct_end(),
	};

	assert_int_equal(EVP_PKEY_CTX_set_rsa_mgf1_md(params, EVP_sha256()), 1);
	assert_int_equal(EVP_PKEY_CTX_set_params(params, both), 1);
	assert_true(sign(ctx));
	EVP_MD_CTX_free(ctx);
}

static void
starts_afresh_with_the_key_of_before(void **state)
{
	struct fixture *f = *state;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *params = start(f, ctx, KEY_RSA_2048, "SHA256");
	int padding = 0;

	assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(params, RSA_PKCS1_PSS_PADDING), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(params, 32), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_mgf1_md(params, EVP_sha256()), 1);
	assert_int_equal(
	    EVP_DigestSignInit_ex(ctx, &params, "SHA384", f->libctx, NULL, NULL, NULL),
	    1);
	assert_true(EVP_PKEY_CTX_get_rsa_padding(params, &padding) > 0);
	assert_int_equal(padding, RSA_PKCS1_PADDING);
	assert_true(sign(ctx));
	assert_int_equal(f->backend.scheme, SCHEME_RSA_PKCS1_SHA384);
	assert_int_equal(
	    EVP_DigestSignInit_ex(ctx, &params, NULL, f->libctx, NULL, NULL, NULL), 1);
	assert_true(sign(ctx));
	assert_int_equal(f->backend.scheme, SCHEME_RSA_PKCS1_SHA384);
	/* A salt of 32 would be refused. */
	assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(params, RSA_PKCS1_PSS_PADDING), 1);
	assert_true(sign(ctx));
	EVP_MD_CTX_free(ctx);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(pss_salt_is_as_long_as_the_digest_or_refused),
		FIXTURE_TEST(takes_its_options_as_text),
		FIXTURE_TEST(refuses_other_paddings),
		FIXTURE_TEST(tells_the_salt_as_number_and_as_text),
		FIXTURE_TEST(tells_the_mgf1_digest),
		FIXTURE_TEST(
		    refuses_a_digest_that_differs_from_the_mgf1_digest_of_before),
		FIXTURE_TEST(takes_a_digest_and_its_mgf1_digest_together),
		FIXTURE_TEST(starts_afresh_with_the_key_of_before),
	};

	return cmocka_run_group_tests(tests, software_make, software_free);
}
