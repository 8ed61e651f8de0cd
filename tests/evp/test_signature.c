/* test_signature.c - EVP_DigestSign over a key_backend, as libssl and X.509 use it. */
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
#include <openssl/x509.h>

#include "evp/algorithm_id.h"
#include "tests/evp/fixture.h"

static const unsigned char text[] = "to be signed";

static void
check_verifies(
    enum key_type type, enum scheme scheme, const unsigned char *sig, size_t len)
{
	struct key key = software_describe(type, "web");
	struct bytes message = { .data = text, .len = sizeof(text) };
	struct bytes signature = { .data = sig, .len = len };

	assert_true(len <= key_type_info(type)->signature_max);
	assert_true(software_verifies(&key, scheme, &message, &signature));
}

static void
sign_in_one_call(struct fixture *f, enum key_type type, enum scheme scheme)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char sig[SIGNATURE_MAX_BYTES];
	size_t len = 0;

	f->backend.calls = 0;
	assert_int_equal(software_sign_init(ctx, f->libctx, f->pkeys[type], scheme), 1);
	assert_int_equal(EVP_DigestSign(ctx, NULL, &len, text, sizeof(text)), 1);
	assert_int_equal(len, key_type_info(type)->signature_max);
	assert_int_equal(f->backend.calls, 0);
	assert_int_equal(EVP_DigestSign(ctx, sig, &len, text, sizeof(text)), 1);
	assert_int_equal(f->backend.calls, 1);
	assert_int_equal(f->backend.scheme, scheme);
	check_verifies(type, scheme, sig, len);
	EVP_MD_CTX_free(ctx);
}

static void
sign_in_pieces(struct fixture *f, enum key_type type, enum scheme scheme)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char sig[SIGNATURE_MAX_BYTES];
	size_t len = 0;

	f->backend.calls = 0;
	assert_int_equal(software_sign_init(ctx, f->libctx, f->pkeys[type], scheme), 1);
	for (size_t i = 0; i < sizeof(text); i++)
		assert_int_equal(EVP_DigestSignUpdate(ctx, text + i, 1), 1);
	assert_int_equal(EVP_DigestSignFinal(ctx, NULL, &len), 1);
	assert_int_equal(f->backend.calls, 0);
	assert_int_equal(EVP_DigestSignFinal(ctx, sig, &len), 1);
	assert_int_equal(f->backend.calls, 1);
	assert_int_equal(f->backend.len, sizeof(text));
	check_verifies(type, scheme, sig, len);
	EVP_MD_CTX_free(ctx);
}

static void
signs_every_scheme_with_every_key_it_fits(void **state)
{
	for (int s = 0; s < SCHEMES; s++) {
		for (int t = 0; t < KEY_TYPES; t++) {
			if (!scheme_fits((enum scheme)s, (enum key_type)t))
				continue;
			sign_in_one_call(*state, (enum key_type)t, (enum scheme)s);
			sign_in_pieces(*state, (enum key_type)t, (enum scheme)s);
		}
	}
}

static void
an_empty_message_is_signed(void **state)
{
	struct fixture *f = *state;
	struct key key = software_describe(KEY_ED25519, "web");
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char sig[SIGNATURE_MAX_BYTES];
	struct bytes message = { 0 }, signature = { .data = sig, .len = sizeof(sig) };

	assert_int_equal(
	    software_sign_init(ctx, f->libctx, f->pkeys[KEY_ED25519], SCHEME_ED25519), 1);
	assert_int_equal(EVP_DigestSignFinal(ctx, sig, &signature.len), 1);
	assert_int_equal(f->backend.len, 0);
	assert_true(software_verifies(&key, SCHEME_ED25519, &message, &signature));
	EVP_MD_CTX_free(ctx);
}

/* libssl calls init several times in a handshake; a proxy may free its EVP_PKEY first. */
static void
never_asks_the_backend_during_init(void **state)
{
	struct fixture *f = *state;

	for (int s = 0; s < SCHEMES; s++) {
		for (int t = 0; t < KEY_TYPES; t++) {
			EVP_MD_CTX *ctx = EVP_MD_CTX_new();

			software_sign_init(ctx, f->libctx, f->pkeys[t], (enum scheme)s);
			EVP_MD_CTX_free(ctx);
		}
	}
	assert_int_equal(f->backend.calls, 0);
}

static void
tells_the_algorithm_identifier(void **state)
{
	struct fixture *f = *state;

	for (int s = 0; s < SCHEMES; s++) {
		for (int t = 0; t < KEY_TYPES; t++) {
			EVP_MD_CTX *ctx = EVP_MD_CTX_new();
			unsigned char id[256];
			OSSL_PARAM params[] = {
				OSSL_PARAM_construct_octet_string(
				    OSSL_SIGNATURE_PARAM_ALGORITHM_ID, id, sizeof(id)),
				OSSL_PARAM_construct_end(),
			};
			struct bytes wanted = algorithm_id((enum scheme)s);

			if (scheme_fits((enum scheme)s, (enum key_type)t)) {
				assert_int_equal(software_sign_init(ctx, f->libctx,
						     f->pkeys[t], (enum scheme)s),
				    1);
				assert_int_equal(
				    EVP_PKEY_CTX_get_params(
					EVP_MD_CTX_get_pkey_ctx(ctx), params),
				    1);
				assert_int_equal(params[0].return_size, wanted.len);
				assert_memory_equal(id, wanted.data, wanted.len);
			}
			EVP_MD_CTX_free(ctx);
		}
	}
}

/* X509_sign asks for the identifier, signs, and X509_verify believes it. */
static void
signs_certificates(void **state)
{
	struct fixture *f = *state;

	for (int t = 0; t < KEY_TYPES; t++) {
		enum scheme scheme = scheme_default((enum key_type)t);
		EVP_MD_CTX *ctx = EVP_MD_CTX_new();
		X509 *x = X509_new();

		assert_int_equal(X509_set_pubkey(x, software_key((enum key_type)t)), 1);
		assert_int_equal(
		    software_sign_init(ctx, f->libctx, f->pkeys[t], scheme), 1);
		assert_true(X509_sign_ctx(x, ctx) > 0);
		assert_int_equal(X509_verify(x, software_key((enum key_type)t)), 1);
		X509_free(x);
		EVP_MD_CTX_free(ctx);
	}
}

static void
check_digest_refused(struct fixture *f, enum key_type type, const char *hash)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	assert_int_not_equal(
	    EVP_DigestSignInit_ex(ctx, NULL, hash, f->libctx, NULL, f->pkeys[type], NULL),
	    1);
	assert_int_equal(f->backend.calls, 0);
	EVP_MD_CTX_free(ctx);
}

static void
refuses_weak_and_unknown_digests(void **state)
{
	static const char *const hashes[] = { "SHA1", "SHA224", "MD5", "SHA3-256",
		"SHA512-256" };

	for (int t = 0; t < KEY_TYPES; t++)
		for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++)
			check_digest_refused(*state, (enum key_type)t, hashes[i]);
	check_digest_refused(*state, KEY_ED25519, "SHA256");
	check_digest_refused(*state, KEY_ED25519, "SHA512");
}

static void
refuses_a_bare_digest(void **state)
{
	struct fixture *f = *state;

	for (int t = 0; t < KEY_TYPES; t++) {
		EVP_PKEY_CTX *ctx =
		    EVP_PKEY_CTX_new_from_pkey(f->libctx, f->pkeys[t], NULL);
		unsigned char digest[32] = { 1 }, sig[SIGNATURE_MAX_BYTES];
		size_t len = sizeof(sig);

		assert_true(EVP_PKEY_sign_init(ctx) != 1 ||
			    EVP_PKEY_sign(ctx, sig, &len, digest, sizeof(digest)) != 1);
		EVP_PKEY_CTX_free(ctx);
	}
	assert_int_equal(f->backend.calls, 0);
}

static void
refuses_to_decrypt(void **state)
{
	struct fixture *f = *state;
	EVP_PKEY_CTX *ctx =
	    EVP_PKEY_CTX_new_from_pkey(f->libctx, f->pkeys[KEY_RSA_2048], NULL);
	unsigned char in[256] = { 0 }, out[256];
	size_t len = sizeof(out);

	assert_true(EVP_PKEY_decrypt_init(ctx) != 1 ||
		    EVP_PKEY_decrypt(ctx, out, &len, in, sizeof(in)) != 1);
	EVP_PKEY_CTX_free(ctx);
}

static void
signs_all_of_it_when_the_last_piece_comes_in_one_call(void **state)
{
	struct fixture *f = *state;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char sig[SIGNATURE_MAX_BYTES];
	size_t len = 0;

	assert_int_equal(software_sign_init(ctx, f->libctx, f->pkeys[KEY_EC_P256],
			     SCHEME_ECDSA_SECP256R1_SHA256),
	    1);
	assert_int_equal(EVP_DigestSignUpdate(ctx, text, 5), 1);
	assert_int_equal(EVP_DigestSign(ctx, NULL, &len, text + 5, sizeof(text) - 5), 1);
	assert_int_equal(EVP_DigestSign(ctx, sig, &len, text + 5, sizeof(text) - 5), 1);
	check_verifies(KEY_EC_P256, SCHEME_ECDSA_SECP256R1_SHA256, sig, len);
	EVP_MD_CTX_free(ctx);
}

/* RFC 4055: such a key never signs PKCS#1 v1.5, and PSS need not be asked for. */
static void
an_rsa_pss_key_signs_pss_alone(void **state)
{
	struct fixture *f = *state;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *sign = NULL;
	unsigned char sig[SIGNATURE_MAX_BYTES];
	size_t len = sizeof(sig);
	int padding = 0;

	assert_int_equal(EVP_DigestSignInit_ex(ctx, &sign, "SHA384", f->libctx, NULL,
			     f->pkeys[KEY_RSA_PSS_2048], NULL),
	    1);
	assert_int_not_equal(EVP_PKEY_CTX_set_rsa_padding(sign, RSA_PKCS1_PADDING), 1);
	assert_true(EVP_PKEY_CTX_get_rsa_padding(sign, &padding) > 0);
	assert_int_equal(padding, RSA_PKCS1_PSS_PADDING);
	assert_int_equal(EVP_DigestSign(ctx, sig, &len, text, sizeof(text)), 1);
	assert_int_equal(f->backend.scheme, SCHEME_RSA_PSS_PSS_SHA384);
	check_verifies(KEY_RSA_PSS_2048, SCHEME_RSA_PSS_PSS_SHA384, sig, len);
	EVP_MD_CTX_free(ctx);
}

static void
a_copied_context_signs_on_its_own(void **state)
{
	struct fixture *f = *state;
	EVP_MD_CTX *first = EVP_MD_CTX_new(), *second = EVP_MD_CTX_new();
	unsigned char sig[SIGNATURE_MAX_BYTES];
	size_t len = sizeof(sig);

	assert_int_equal(software_sign_init(first, f->libctx, f->pkeys[KEY_EC_P256],
			     SCHEME_ECDSA_SECP256R1_SHA256),
	    1);
	assert_int_equal(EVP_DigestSignUpdate(first, text, 5), 1);
	assert_int_equal(EVP_MD_CTX_copy_ex(second, first), 1);
	assert_int_equal(EVP_DigestSignUpdate(first, "other", 5), 1);
	EVP_MD_CTX_free(first);
	assert_int_equal(EVP_DigestSignUpdate(second, text + 5, sizeof(text) - 5), 1);
	assert_int_equal(EVP_DigestSignFinal(second, sig, &len), 1);
	check_verifies(KEY_EC_P256, SCHEME_ECDSA_SECP256R1_SHA256, sig, len);
	EVP_MD_CTX_free(second);
}

static void
a_context_outlives_the_application_s_key(void **state)
{
	struct fixture *f = *state;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char sig[SIGNATURE_MAX_BYTES];
	size_t len = sizeof(sig);

	assert_int_equal(software_sign_init(ctx, f->libctx, f->pkeys[KEY_EC_P256],
			     SCHEME_ECDSA_SECP256R1_SHA256),
	    1);
	EVP_PKEY_free(f->pkeys[KEY_EC_P256]);
	f->pkeys[KEY_EC_P256] = NULL;
	assert_int_equal(EVP_DigestSign(ctx, sig, &len, text, sizeof(text)), 1);
	check_verifies(KEY_EC_P256, SCHEME_ECDSA_SECP256R1_SHA256, sig, len);
	EVP_MD_CTX_free(ctx);
}

static void
refuses_a_buffer_that_is_too_small(void **state)
{
	struct fixture *f = *state;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char sig[255];
	size_t len = sizeof(sig);

	assert_int_equal(software_sign_init(ctx, f->libctx, f->pkeys[KEY_RSA_2048],
			     SCHEME_RSA_PKCS1_SHA256),
	    1);
	assert_int_not_equal(EVP_DigestSign(ctx, sig, &len, text, sizeof(text)), 1);
	EVP_MD_CTX_free(ctx);
}

static void
the_backend_s_reason_arrives_on_openssl_s_queue(void **state)
{
	struct fixture *f = *state;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char sig[SIGNATURE_MAX_BYTES];
	size_t len = sizeof(sig);
	const char *data = NULL, *file = NULL;
	unsigned long code;
	int flags = 0;

	error_set(&f->backend.fail, ERROR_BUSY, "all 4 token sessions are in use");
	assert_int_equal(software_sign_init(ctx, f->libctx, f->pkeys[KEY_EC_P256],
			     SCHEME_ECDSA_SECP256R1_SHA256),
	    1);
	ERR_clear_error();
	assert_int_not_equal(EVP_DigestSign(ctx, sig, &len, text, sizeof(text)), 1);
	code = ERR_get_error_all(&file, NULL, NULL, &data, &flags);
	assert_int_equal(ERR_GET_REASON(code), ERROR_BUSY);
	assert_string_equal(ERR_reason_error_string(code), "keyholdd is busy");
	assert_true((flags & ERR_TXT_STRING) != 0);
	assert_string_equal(data, "all 4 token sessions are in use");
	EVP_MD_CTX_free(ctx);
}

static void
a_failed_signature_leaves_the_context_usable(void **state)
{
	struct fixture *f = *state;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char sig[SIGNATURE_MAX_BYTES];
	size_t len = sizeof(sig);

	error_set(&f->backend.fail, ERROR_TOKEN, "away");
	assert_int_equal(
	    software_sign_init(ctx, f->libctx, f->pkeys[KEY_ED25519], SCHEME_ED25519), 1);
	assert_int_not_equal(EVP_DigestSign(ctx, sig, &len, text, sizeof(text)), 1);
	f->backend.fail.code = ERROR_NONE;
	len = sizeof(sig);
	assert_int_equal(EVP_DigestSign(ctx, sig, &len, text, sizeof(text)), 1);
	check_verifies(KEY_ED25519, SCHEME_ED25519, sig, len);
	EVP_MD_CTX_free(ctx);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(signs_every_scheme_with_every_key_it_fits),
		FIXTURE_TEST(signs_all_of_it_when_the_last_piece_comes_in_one_call),
		FIXTURE_TEST(an_empty_message_is_signed),
		FIXTURE_TEST(never_asks_the_backend_during_init),
		FIXTURE_TEST(tells_the_algorithm_identifier),
		FIXTURE_TEST(signs_certificates),
		FIXTURE_TEST(refuses_weak_and_unknown_digests),
		FIXTURE_TEST(refuses_a_bare_digest),
		FIXTURE_TEST(refuses_to_decrypt),
		FIXTURE_TEST(an_rsa_pss_key_signs_pss_alone),
		FIXTURE_TEST(a_copied_context_signs_on_its_own),
		FIXTURE_TEST(a_context_outlives_the_application_s_key),
		FIXTURE_TEST(refuses_a_buffer_that_is_too_small),
		FIXTURE_TEST(the_backend_s_reason_arrives_on_openssl_s_queue),
		FIXTURE_TEST(a_failed_signature_leaves_the_context_usable),
	};

	return cmocka_run_group_tests(tests, software_make, software_free);
}
