/* test_asym_cipher.c - RSA key exchange over a key_backend, as libssl asks for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include <openssl/tls1.h>

#include "tests/evp/fixture.h"

static const unsigned char premaster[PREMASTER_BYTES] = { 3, 3, 'p', 'r', 'e' };

/* A ClientKeyExchange's ciphertext, made with the public half. */
static size_t
encrypt(enum key_type type, unsigned char out[static SIGNATURE_MAX_BYTES])
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(software_key(type), NULL);
	size_t len = SIGNATURE_MAX_BYTES;

	assert_int_equal(EVP_PKEY_encrypt_init(ctx), 1);
	assert_int_equal(
	    EVP_PKEY_encrypt(ctx, out, &len, premaster, sizeof(premaster)), 1);
	EVP_PKEY_CTX_free(ctx);
	return len;
}

static EVP_PKEY_CTX *
open_context(struct fixture *f, enum key_type type)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(f->libctx, f->pkeys[type], NULL);

	assert_non_null(ctx);
	return ctx;
}

/* The newest error on the queue is ours, has this code, and says this. */
static void
assert_raised(enum error_code code, const char *text)
{
	const char *data = NULL;
	int flags = 0;
	unsigned long raised;

	raised = ERR_peek_last_error_all(NULL, NULL, NULL, &data, &flags);
	assert_int_equal(ERR_GET_REASON(raised), code);
	assert_true((flags & ERR_TXT_STRING) != 0);
	if (strstr(data, text) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", data, text);
	ERR_clear_error();
}

static void
decrypts_a_premaster_secret_with_every_rsa_key(void **state)
{
	static const enum key_type types[] = { KEY_RSA_2048, KEY_RSA_3072, KEY_RSA_4096 };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		EVP_PKEY_CTX *ctx = open_context(f, types[i]);
		unsigned char in[SIGNATURE_MAX_BYTES], out[PREMASTER_BYTES];
		size_t in_len = encrypt(types[i], in), len = 0;

		f->backend.calls = 0;
		assert_int_equal(software_decrypt_init(ctx, TLS1_2_VERSION), 1);
		assert_int_equal(EVP_PKEY_decrypt(ctx, NULL, &len, in, in_len), 1);
		assert_int_equal(len, PREMASTER_BYTES);
		assert_int_equal(f->backend.calls, 0);
		assert_int_equal(EVP_PKEY_decrypt(ctx, out, &len, in, in_len), 1);
		assert_int_equal(len, PREMASTER_BYTES);
		assert_memory_equal(out, premaster, sizeof(premaster));
		assert_int_equal(f->backend.calls, 1);
		assert_int_equal(f->backend.len, in_len);
		EVP_PKEY_CTX_free(ctx);
	}
}

static void
tells_the_options_that_were_set(void **state)
{
	unsigned negotiated = TLS1_2_VERSION, got[2] = { 0 };
	OSSL_PARAM set[] = {
		OSSL_PARAM_uint(
		    OSSL_ASYM_CIPHER_PARAM_TLS_NEGOTIATED_VERSION, &negotiated),
		OSSL_PARAM_END,
	};
	int padding = 0;
	OSSL_PARAM get[] = {
		OSSL_PARAM_int(OSSL_ASYM_CIPHER_PARAM_PAD_MODE, &padding),
		OSSL_PARAM_uint(OSSL_ASYM_CIPHER_PARAM_TLS_CLIENT_VERSION, &got[0]),
		OSSL_PARAM_uint(OSSL_ASYM_CIPHER_PARAM_TLS_NEGOTIATED_VERSION, &got[1]),
		OSSL_PARAM_END,
	};
	EVP_PKEY_CTX *ctx = open_context(*state, KEY_RSA_2048);

	assert_int_equal(software_decrypt_init(ctx, TLS1_2_VERSION), 1);
	assert_int_equal(EVP_PKEY_CTX_set_params(ctx, set), 1);
	assert_int_equal(EVP_PKEY_CTX_get_params(ctx, get), 1);
	assert_int_equal(padding, RSA_PKCS1_WITH_TLS_PADDING);
	assert_int_equal(got[0], TLS1_2_VERSION);
	assert_int_equal(got[1], TLS1_2_VERSION);
	EVP_PKEY_CTX_free(ctx);
}

static void
a_copied_context_outlives_the_first(void **state)
{
	EVP_PKEY_CTX *first = open_context(*state, KEY_RSA_2048), *copy;
	unsigned char in[SIGNATURE_MAX_BYTES], out[PREMASTER_BYTES];
	size_t in_len = encrypt(KEY_RSA_2048, in), len = sizeof(out);

	assert_int_equal(software_decrypt_init(first, TLS1_2_VERSION), 1);
	assert_non_null(copy = EVP_PKEY_CTX_dup(first));
	EVP_PKEY_CTX_free(first);
	assert_int_equal(EVP_PKEY_decrypt(copy, out, &len, in, in_len), 1);
	assert_memory_equal(out, premaster, sizeof(premaster));
	EVP_PKEY_CTX_free(copy);
}

static void
refuses_every_other_padding(void **state)
{
	static const int paddings[] = { RSA_PKCS1_PADDING, RSA_NO_PADDING,
		RSA_PKCS1_OAEP_PADDING };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(paddings) / sizeof(paddings[0]); i++) {
		EVP_PKEY_CTX *ctx = open_context(f, KEY_RSA_2048);
		unsigned char in[256] = { 0 }, out[512];
		size_t len = sizeof(out);

		assert_int_equal(EVP_PKEY_decrypt_init(ctx), 1);
		assert_true(EVP_PKEY_CTX_set_rsa_padding(ctx, paddings[i]) <= 0);
		assert_raised(ERROR_UNSUPPORTED, "this padding; keyhold decrypts");
		assert_true(EVP_PKEY_decrypt(ctx, out, &len, in, sizeof(in)) <= 0);
		assert_raised(ERROR_UNSUPPORTED, "the premaster secret of TLS 1.2");
		EVP_PKEY_CTX_free(ctx);
	}
	assert_int_equal(f->backend.calls, 0);
}

static void
refuses_clients_of_other_versions(void **state)
{
	static const unsigned versions[] = { 0, TLS1_VERSION, TLS1_1_VERSION, 0x0304,
		0x10303 };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		EVP_PKEY_CTX *ctx = open_context(f, KEY_RSA_2048);
		unsigned char in[256] = { 0 }, out[PREMASTER_BYTES];
		size_t len = sizeof(out);

		assert_int_equal(software_decrypt_init(ctx, versions[i]), 1);
		assert_true(EVP_PKEY_decrypt(ctx, out, &len, in, sizeof(in)) <= 0);
		assert_raised(ERROR_UNSUPPORTED, "version is not TLS 1.2");
		EVP_PKEY_CTX_free(ctx);
	}
	assert_int_equal(f->backend.calls, 0);
}

static void
refuses_to_encrypt(void **state)
{
	EVP_PKEY_CTX *ctx = open_context(*state, KEY_RSA_2048);

	assert_true(EVP_PKEY_encrypt_init(ctx) <= 0);
	assert_raised(ERROR_UNSUPPORTED, "encrypt with the public key");
	EVP_PKEY_CTX_free(ctx);
}

static void
other_keys_have_no_such_operation(void **state)
{
	EVP_PKEY_CTX *ctx = open_context(*state, KEY_EC_P256);

	assert_true(EVP_PKEY_decrypt_init(ctx) <= 0);
	EVP_PKEY_CTX_free(ctx);
}

static void
refuses_a_buffer_that_is_too_small(void **state)
{
	struct fixture *f = *state;
	EVP_PKEY_CTX *ctx = open_context(f, KEY_RSA_2048);
	unsigned char in[SIGNATURE_MAX_BYTES], out[PREMASTER_BYTES];
	size_t in_len = encrypt(KEY_RSA_2048, in), len = sizeof(out) - 1;

	assert_int_equal(software_decrypt_init(ctx, TLS1_2_VERSION), 1);
	assert_true(EVP_PKEY_decrypt(ctx, out, &len, in, in_len) <= 0);
	assert_int_equal(f->backend.calls, 0);
	EVP_PKEY_CTX_free(ctx);
}

static void
the_backend_s_reason_arrives_on_openssl_s_queue(void **state)
{
	struct fixture *f = *state;
	EVP_PKEY_CTX *ctx = open_context(f, KEY_RSA_2048);
	unsigned char in[256] = { 0 }, out[PREMASTER_BYTES];
	size_t len = sizeof(out);

	error_set(&f->backend.fail, ERROR_FORBIDDEN, "key web has use tls");
	assert_int_equal(software_decrypt_init(ctx, TLS1_2_VERSION), 1);
	assert_int_equal(f->backend.calls, 0);
	assert_true(EVP_PKEY_decrypt(ctx, out, &len, in, sizeof(in)) <= 0);
	assert_raised(ERROR_FORBIDDEN, "key web has use tls");
	EVP_PKEY_CTX_free(ctx);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(decrypts_a_premaster_secret_with_every_rsa_key),
		FIXTURE_TEST(tells_the_options_that_were_set),
		FIXTURE_TEST(a_copied_context_outlives_the_first),
		FIXTURE_TEST(refuses_every_other_padding),
		FIXTURE_TEST(refuses_clients_of_other_versions),
		FIXTURE_TEST(refuses_to_encrypt),
		FIXTURE_TEST(other_keys_have_no_such_operation),
		FIXTURE_TEST(refuses_a_buffer_that_is_too_small),
		FIXTURE_TEST(the_backend_s_reason_arrives_on_openssl_s_queue),
	};

	return cmocka_run_group_tests(tests, software_make, software_free);
}
