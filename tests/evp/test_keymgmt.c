/* test_keymgmt.c - an EVP_PKEY whose private half is elsewhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/x509.h>

#include "evp/evp.h"
#include "evp/reference.h"
#include "tests/evp/fixture.h"

static const char *
provider_of(const EVP_PKEY *pkey)
{
	return OSSL_PROVIDER_get0_name(EVP_PKEY_get0_provider(pkey));
}

static void
equals_the_software_key_with_its_public_half(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < KEY_TYPES; i++) {
		EVP_PKEY *software = software_key((enum key_type)i);

		assert_string_equal(provider_of(f->pkeys[i]), "keyhold");
		assert_int_equal(EVP_PKEY_eq(f->pkeys[i], software), 1);
		assert_int_equal(EVP_PKEY_eq(software, f->pkeys[i]), 1);
	}
}

static void
differs_from_another_key(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < KEY_TYPES; i++)
		for (int j = 0; j < KEY_TYPES; j++)
			if (i != j)
				assert_int_not_equal(
				    EVP_PKEY_eq(f->pkeys[i], f->pkeys[j]), 1);
}

static void
tells_its_sizes_as_openssl_does(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < KEY_TYPES; i++) {
		EVP_PKEY *software = software_key((enum key_type)i);

		assert_int_equal(
		    EVP_PKEY_get_bits(f->pkeys[i]), EVP_PKEY_get_bits(software));
		assert_int_equal(EVP_PKEY_get_security_bits(f->pkeys[i]),
		    EVP_PKEY_get_security_bits(software));
		assert_int_equal(
		    EVP_PKEY_get_size(f->pkeys[i]), EVP_PKEY_get_size(software));
		assert_int_equal(
		    EVP_PKEY_get_base_id(f->pkeys[i]), EVP_PKEY_get_base_id(software));
	}
}

static void
same_number(EVP_PKEY *a, EVP_PKEY *b, const char *name)
{
	BIGNUM *x = NULL, *y = NULL;

	assert_int_equal(EVP_PKEY_get_bn_param(a, name, &x), 1);
	assert_int_equal(EVP_PKEY_get_bn_param(b, name, &y), 1);
	assert_int_equal(BN_cmp(x, y), 0);
	BN_free(x);
	BN_free(y);
}

static void
same_octets(EVP_PKEY *a, EVP_PKEY *b, const char *name)
{
	unsigned char x[256], y[256];
	size_t x_len, y_len;

	assert_int_equal(
	    EVP_PKEY_get_octet_string_param(a, name, x, sizeof(x), &x_len), 1);
	assert_int_equal(
	    EVP_PKEY_get_octet_string_param(b, name, y, sizeof(y), &y_len), 1);
	assert_int_equal(x_len, y_len);
	assert_memory_equal(x, y, x_len);
}

static void
tells_its_public_parameters(void **state)
{
	struct fixture *f = *state;
	char group[80];

	for (int i = 0; i < KEY_TYPES; i++) {
		EVP_PKEY *software = software_key((enum key_type)i);
		const struct key_type_info *info = key_type_info((enum key_type)i);

		switch (info->family) {
		case KEY_FAMILY_RSA:
		case KEY_FAMILY_RSA_PSS:
			same_number(f->pkeys[i], software, OSSL_PKEY_PARAM_RSA_N);
			same_number(f->pkeys[i], software, OSSL_PKEY_PARAM_RSA_E);
			break;
		case KEY_FAMILY_EC:
			same_number(f->pkeys[i], software, OSSL_PKEY_PARAM_EC_PUB_X);
			same_number(f->pkeys[i], software, OSSL_PKEY_PARAM_EC_PUB_Y);
			assert_int_equal(EVP_PKEY_get_group_name(
					     f->pkeys[i], group, sizeof(group), NULL),
			    1);
			assert_string_equal(group, info->group);
			break;
		default:
			same_octets(f->pkeys[i], software, OSSL_PKEY_PARAM_PUB_KEY);
		}
	}
}

static void
writes_the_public_key_that_openssl_does(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < KEY_TYPES; i++) {
		struct buffer ours, theirs;

		buf_init(&ours, 0);
		buf_init(&theirs, 0);
		software_spki(f->pkeys[i], &ours);
		software_spki(software_key((enum key_type)i), &theirs);
		assert_int_equal(ours.len, theirs.len);
		assert_memory_equal(ours.data, theirs.data, ours.len);
		buf_free(&ours);
		buf_free(&theirs);
	}
}

static void
names_a_default_digest_and_none_for_ed25519(void **state)
{
	struct fixture *f = *state;
	char name[32];

	assert_int_equal(
	    EVP_PKEY_get_default_digest_name(f->pkeys[KEY_EC_P384], name, sizeof(name)),
	    1);
	assert_string_equal(name, "SHA384");
	/* 2: mandatory. */
	assert_int_equal(
	    EVP_PKEY_get_default_digest_name(f->pkeys[KEY_ED25519], name, sizeof(name)),
	    2);
	assert_string_equal(name, "UNDEF");
}

static void
never_exports_the_private_half(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < KEY_TYPES; i++) {
		unsigned char *der = NULL, raw[64];
		size_t raw_len = sizeof(raw);
		OSSL_PARAM *params = NULL;
		BIGNUM *number = NULL;
		BIO *bio = BIO_new(BIO_s_null());

		assert_true(i2d_PrivateKey(f->pkeys[i], &der) <= 0);
		assert_null(der);
		assert_int_not_equal(
		    EVP_PKEY_get_raw_private_key(f->pkeys[i], raw, &raw_len), 1);
		assert_int_not_equal(
		    EVP_PKEY_todata(f->pkeys[i], EVP_PKEY_KEYPAIR, &params), 1);
		assert_null(params);
		assert_int_not_equal(
		    EVP_PKEY_get_bn_param(f->pkeys[i], OSSL_PKEY_PARAM_PRIV_KEY, &number),
		    1);
		assert_int_not_equal(
		    EVP_PKEY_get_bn_param(f->pkeys[i], OSSL_PKEY_PARAM_RSA_D, &number),
		    1);
		assert_int_not_equal(
		    PEM_write_bio_PrivateKey(bio, f->pkeys[i], NULL, NULL, 0, NULL, NULL),
		    1);
		BIO_free(bio);
	}
	assert_int_equal(f->backend.calls, 0);
}

static void
exports_the_public_half(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < KEY_TYPES; i++) {
		OSSL_PARAM *params = NULL;

		assert_int_equal(
		    EVP_PKEY_todata(f->pkeys[i], EVP_PKEY_PUBLIC_KEY, &params), 1);
		assert_null(OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_PRIV_KEY));
		OSSL_PARAM_free(params);
	}
}

static void
a_copy_signs_too(void **state)
{
	struct fixture *f = *state;
	EVP_PKEY *copy = EVP_PKEY_dup(f->pkeys[KEY_EC_P256]);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char sig[SIGNATURE_MAX_BYTES];
	size_t len = sizeof(sig);

	assert_non_null(copy);
	assert_int_equal(EVP_PKEY_eq(copy, f->pkeys[KEY_EC_P256]), 1);
	assert_int_equal(
	    software_sign_init(ctx, f->libctx, copy, SCHEME_ECDSA_SECP256R1_SHA256), 1);
	assert_int_equal(EVP_DigestSign(ctx, sig, &len, sig, 1), 1);
	assert_int_equal(f->backend.calls, 1);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(copy);
}

/* Other people's public keys belong to the default provider, even asked for here. */
static void
an_ordinary_public_key_is_not_imported(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < KEY_TYPES; i++) {
		const char *algorithm = key_type_info((enum key_type)i)->algorithm;
		EVP_PKEY_CTX *ctx =
		    EVP_PKEY_CTX_new_from_name(f->libctx, algorithm, "provider=keyhold");
		OSSL_PARAM *params = NULL;
		EVP_PKEY *pkey = NULL;

		assert_int_equal(EVP_PKEY_todata(software_key((enum key_type)i),
				     EVP_PKEY_PUBLIC_KEY, &params),
		    1);
		assert_true(
		    EVP_PKEY_fromdata_init(ctx) != 1 ||
		    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1);
		assert_null(pkey);
		EVP_PKEY_CTX_free(ctx);
		OSSL_PARAM_free(params);
	}
}

static void
a_reference_is_not_imported_under_another_algorithm(void **state)
{
	struct fixture *f = *state;
	struct key key = software_describe(KEY_EC_P256, "web");
	EVP_PKEY_CTX *ctx =
	    EVP_PKEY_CTX_new_from_name(f->libctx, "RSA", "provider=keyhold");
	struct buffer der;
	OSSL_PARAM params[2];
	EVP_PKEY *pkey = NULL;

	buf_init(&der, 0);
	assert_int_equal(reference_encode(&key, &der, NULL), 0);
	params[0] =
	    OSSL_PARAM_construct_octet_string(EVP_PARAM_REFERENCE, der.data, der.len);
	params[1] = OSSL_PARAM_construct_end();
	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_not_equal(EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params), 1);
	assert_null(pkey);
	EVP_PKEY_CTX_free(ctx);
	buf_free(&der);
}

static void
a_decoded_public_key_goes_to_the_default_provider(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < KEY_TYPES; i++) {
		struct key key = software_describe((enum key_type)i, "web");
		const unsigned char *p = key.spki;
		EVP_PKEY *pkey =
		    d2i_PUBKEY_ex(NULL, &p, (long)key.spki_len, f->libctx, NULL);

		assert_non_null(pkey);
		assert_string_equal(provider_of(pkey), "default");
		EVP_PKEY_free(pkey);
	}
}

static void
refuses_to_import_a_malformed_reference(void **state)
{
	struct fixture *f = *state;
	EVP_PKEY_CTX *ctx =
	    EVP_PKEY_CTX_new_from_name(f->libctx, "EC", "provider=keyhold");
	unsigned char junk[] = "junk";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(
		    EVP_PARAM_REFERENCE, junk, sizeof(junk)),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY *pkey = NULL;

	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_not_equal(EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params), 1);
	assert_null(pkey);
	EVP_PKEY_CTX_free(ctx);
}

static void
generates_no_keys(void **state)
{
	struct fixture *f = *state;
	EVP_PKEY_CTX *ctx =
	    EVP_PKEY_CTX_new_from_name(f->libctx, "ED25519", "provider=keyhold");

	assert_true(ctx == NULL || EVP_PKEY_keygen_init(ctx) != 1);
	EVP_PKEY_CTX_free(ctx);
}

static void
check_exchange(OSSL_LIB_CTX *libctx, EVP_PKEY *mine, EVP_PKEY *peer)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(libctx, mine, NULL);
	unsigned char secret[64];
	size_t len = sizeof(secret);

	assert_string_equal(provider_of(mine), "default");
	assert_int_equal(EVP_PKEY_derive_init(ctx), 1);
	assert_int_equal(EVP_PKEY_derive_set_peer(ctx, peer), 1);
	assert_int_equal(EVP_PKEY_derive(ctx, secret, &len), 1);
	assert_int_equal(len, 32);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(mine);
	EVP_PKEY_free(peer);
}

/* A PKCS#11 module that itself uses OpenSSL must not come back in. */
static void
the_provider_is_in_its_own_library_context_alone(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(OSSL_PROVIDER_available(f->libctx, "keyhold"), 1);
	assert_int_equal(OSSL_PROVIDER_available(NULL, "keyhold"), 0);
	assert_null(EVP_KEYMGMT_fetch(NULL, "EC", "provider=keyhold"));
	assert_ptr_not_equal(f->libctx, OSSL_LIB_CTX_get0_global_default());
}

static void
two_providers_have_their_own_backends(void **state)
{
	struct fixture *f = *state;
	struct software_backend second = { 0 };
	struct key key = software_describe(KEY_ED25519, "web");
	struct builtin *builtin = NULL;
	EVP_PKEY *pkey = NULL;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char sig[SIGNATURE_MAX_BYTES];
	size_t len = sizeof(sig);

	assert_int_equal(builtin_new(&software_backend, &second, &builtin, NULL), 0);
	assert_int_equal(builtin_pkey(builtin, &key, &pkey, NULL), 0);
	assert_int_equal(
	    software_sign_init(ctx, builtin_libctx(builtin), pkey, SCHEME_ED25519), 1);
	assert_int_equal(EVP_DigestSign(ctx, sig, &len, sig, 1), 1);
	assert_int_equal(second.calls, 1);
	assert_int_equal(f->backend.calls, 0);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	builtin_free(builtin);
	builtin_free(NULL);
}

/* What TLS does for each handshake, with keys of its own. */
static void
key_exchange_stays_with_the_default_provider(void **state)
{
	struct fixture *f = *state;

	check_exchange(f->libctx, EVP_PKEY_Q_keygen(f->libctx, NULL, "X25519"),
	    EVP_PKEY_Q_keygen(f->libctx, NULL, "X25519"));
	check_exchange(f->libctx, EVP_PKEY_Q_keygen(f->libctx, NULL, "EC", "P-256"),
	    EVP_PKEY_Q_keygen(f->libctx, NULL, "EC", "P-256"));
	assert_int_equal(f->backend.calls, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(equals_the_software_key_with_its_public_half),
		FIXTURE_TEST(differs_from_another_key),
		FIXTURE_TEST(tells_its_sizes_as_openssl_does),
		FIXTURE_TEST(tells_its_public_parameters),
		FIXTURE_TEST(writes_the_public_key_that_openssl_does),
		FIXTURE_TEST(names_a_default_digest_and_none_for_ed25519),
		FIXTURE_TEST(never_exports_the_private_half),
		FIXTURE_TEST(exports_the_public_half),
		FIXTURE_TEST(a_copy_signs_too),
		FIXTURE_TEST(an_ordinary_public_key_is_not_imported),
		FIXTURE_TEST(a_reference_is_not_imported_under_another_algorithm),
		FIXTURE_TEST(a_decoded_public_key_goes_to_the_default_provider),
		FIXTURE_TEST(refuses_to_import_a_malformed_reference),
		FIXTURE_TEST(generates_no_keys),
		FIXTURE_TEST(the_provider_is_in_its_own_library_context_alone),
		FIXTURE_TEST(two_providers_have_their_own_backends),
		FIXTURE_TEST(key_exchange_stays_with_the_default_provider),
	};

	return cmocka_run_group_tests(tests, software_make, software_free);
}
