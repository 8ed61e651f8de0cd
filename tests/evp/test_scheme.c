/* test_scheme.c - key types and signature schemes: names, numbers, what fits what. */
#include "evp/scheme.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void
reads_every_key_type_by_its_name(void **state)
{
	(void)state;
	for (int i = 0; i < KEY_TYPES; i++) {
		enum key_type type = KEY_TYPES;

		assert_int_equal(
		    key_type_read(key_type_info((enum key_type)i)->name, &type, NULL), 0);
		assert_int_equal(type, i);
	}
}

static void
refuses_another_key_type(void **state)
{
	static const char *const names[] = { "", "EC-P256", "ec-p256 ", "rsa", "rsa-1024",
		"rsa-8192", "ed448", "ec-p256k1" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		enum key_type type = KEY_ED25519;
		struct error err = { 0 };

		assert_int_equal(key_type_read(names[i], &type, &err), -1);
		assert_int_equal(err.code, ERROR_BAD_REQUEST);
		assert_non_null(strstr(err.text, "ed25519"));
		assert_int_equal(type, KEY_ED25519);
	}
}

static void
reads_every_scheme_by_its_name(void **state)
{
	(void)state;
	for (int i = 0; i < SCHEMES; i++) {
		enum scheme scheme = SCHEMES;

		assert_int_equal(
		    scheme_read(scheme_info((enum scheme)i)->name, &scheme, NULL), 0);
		assert_int_equal(scheme, i);
	}
}

static void
refuses_another_scheme(void **state)
{
	static const char *const names[] = { "", "rsa_pkcs1_sha1", "ecdsa_sha1",
		"rsa_pss_pss_sha224", "ed448", "ECDSA_SECP256R1_SHA256", "ed25519 " };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		enum scheme scheme;
		struct error err = { 0 };

		assert_int_equal(scheme_read(names[i], &scheme, &err), -1);
		assert_int_equal(err.code, ERROR_UNSUPPORTED);
	}
}

/* IANA's registry "TLS SignatureScheme". */
static void
has_the_registered_numbers(void **state)
{
	static const struct {
		const char *name;
		uint16_t code;
	} registry[] = {
		{ "rsa_pkcs1_sha256", 0x0401 },
		{ "rsa_pkcs1_sha384", 0x0501 },
		{ "rsa_pkcs1_sha512", 0x0601 },
		{ "ecdsa_secp256r1_sha256", 0x0403 },
		{ "ecdsa_secp384r1_sha384", 0x0503 },
		{ "ecdsa_secp521r1_sha512", 0x0603 },
		{ "rsa_pss_rsae_sha256", 0x0804 },
		{ "rsa_pss_rsae_sha384", 0x0805 },
		{ "rsa_pss_rsae_sha512", 0x0806 },
		{ "rsa_pss_pss_sha256", 0x0809 },
		{ "rsa_pss_pss_sha384", 0x080a },
		{ "rsa_pss_pss_sha512", 0x080b },
		{ "ed25519", 0x0807 },
	};

	(void)state;
	assert_int_equal(sizeof(registry) / sizeof(registry[0]), SCHEMES);
	for (size_t i = 0; i < SCHEMES; i++) {
		enum scheme scheme;

		assert_int_equal(scheme_read(registry[i].name, &scheme, NULL), 0);
		assert_int_equal(scheme_info(scheme)->code, registry[i].code);
	}
}

static void
finds_a_scheme_by_any_spelling_of_its_hash(void **state)
{
	static const char *const spellings[] = { "SHA256", "SHA2-256", "SHA-256",
		"sha256" };

	(void)state;
	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
		enum scheme scheme = SCHEMES;

		assert_int_equal(
		    scheme_of(KEY_FAMILY_EC, spellings[i], false, &scheme), 0);
		assert_int_equal(scheme, SCHEME_ECDSA_SECP256R1_SHA256);
		assert_int_equal(
		    scheme_of(KEY_FAMILY_RSA, spellings[i], true, &scheme), 0);
		assert_int_equal(scheme, SCHEME_RSA_PSS_RSAE_SHA256);
	}
}

static void
finds_ed25519_by_no_hash(void **state)
{
	enum scheme scheme = SCHEMES;

	(void)state;
	assert_int_equal(scheme_of(KEY_FAMILY_ED25519, NULL, false, &scheme), 0);
	assert_int_equal(scheme, SCHEME_ED25519);
	assert_int_equal(scheme_of(KEY_FAMILY_ED25519, "", false, &scheme), 0);
	assert_int_equal(scheme_of(KEY_FAMILY_ED25519, "SHA512", false, &scheme), -1);
	assert_int_equal(scheme_of(KEY_FAMILY_ED25519, NULL, true, &scheme), -1);
}

static void
finds_no_scheme_with_another_hash(void **state)
{
	static const char *const hashes[] = { "SHA1", "SHA224", "SHA2-224", "MD5",
		"SHA3-256", "SHA512-256", "SHA2-512/256", "SHA-2-256", "SHA", "256", "" };
	enum scheme scheme;

	(void)state;
	for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++) {
		assert_int_equal(scheme_of(KEY_FAMILY_EC, hashes[i], false, &scheme), -1);
		assert_int_equal(scheme_of(KEY_FAMILY_RSA, hashes[i], true, &scheme), -1);
	}
	assert_int_equal(scheme_of(KEY_FAMILY_RSA, NULL, false, &scheme), -1);
	assert_int_equal(scheme_of(KEY_FAMILY_EC, "SHA256", true, &scheme), -1);
}

static void
has_a_default_scheme_for_every_type(void **state)
{
	(void)state;
	for (int i = 0; i < KEY_TYPES; i++)
		assert_true(
		    scheme_fits(scheme_default((enum key_type)i), (enum key_type)i));
	assert_int_equal(scheme_default(KEY_RSA_2048), SCHEME_RSA_PKCS1_SHA256);
	assert_int_equal(scheme_default(KEY_RSA_PSS_2048), SCHEME_RSA_PSS_PSS_SHA256);
	assert_int_equal(scheme_default(KEY_EC_P384), SCHEME_ECDSA_SECP384R1_SHA384);
}

static void
tls_1_2_ties_an_ecdsa_scheme_to_its_hash_alone(void **state)
{
	(void)state;
	assert_true(scheme_fits(SCHEME_ECDSA_SECP384R1_SHA384, KEY_EC_P256));
	assert_true(scheme_fits(SCHEME_RSA_PKCS1_SHA256, KEY_RSA_4096));
	assert_false(scheme_fits(SCHEME_ECDSA_SECP256R1_SHA256, KEY_RSA_2048));
	assert_false(scheme_fits(SCHEME_RSA_PSS_RSAE_SHA256, KEY_EC_P256));
	assert_false(scheme_fits(SCHEME_RSA_PSS_RSAE_SHA256, KEY_RSA_PSS_2048));
	assert_false(scheme_fits(SCHEME_RSA_PSS_PSS_SHA256, KEY_RSA_2048));
	assert_false(scheme_fits(SCHEME_RSA_PKCS1_SHA256, KEY_RSA_PSS_2048));
	assert_false(scheme_fits(SCHEME_ED25519, KEY_EC_P256));
	assert_false(scheme_fits(SCHEME_ECDSA_SECP256R1_SHA256, KEY_ED25519));
}

static void
tls_1_3_ties_it_to_the_curve_too(void **state)
{
	static const bool fits[SCHEMES][KEY_TYPES] = {
		[SCHEME_RSA_PSS_RSAE_SHA256] = { [KEY_RSA_2048] = true,
		    [KEY_RSA_3072] = true,
		    [KEY_RSA_4096] = true },
		[SCHEME_RSA_PSS_RSAE_SHA384] = { [KEY_RSA_2048] = true,
		    [KEY_RSA_3072] = true,
		    [KEY_RSA_4096] = true },
		[SCHEME_RSA_PSS_RSAE_SHA512] = { [KEY_RSA_2048] = true,
		    [KEY_RSA_3072] = true,
		    [KEY_RSA_4096] = true },
		[SCHEME_RSA_PSS_PSS_SHA256] = { [KEY_RSA_PSS_2048] = true,
		    [KEY_RSA_PSS_3072] = true,
		    [KEY_RSA_PSS_4096] = true },
		[SCHEME_RSA_PSS_PSS_SHA384] = { [KEY_RSA_PSS_2048] = true,
		    [KEY_RSA_PSS_3072] = true,
		    [KEY_RSA_PSS_4096] = true },
		[SCHEME_RSA_PSS_PSS_SHA512] = { [KEY_RSA_PSS_2048] = true,
		    [KEY_RSA_PSS_3072] = true,
		    [KEY_RSA_PSS_4096] = true },
		[SCHEME_ECDSA_SECP256R1_SHA256] = { [KEY_EC_P256] = true },
		[SCHEME_ECDSA_SECP384R1_SHA384] = { [KEY_EC_P384] = true },
		[SCHEME_ECDSA_SECP521R1_SHA512] = { [KEY_EC_P521] = true },
		[SCHEME_ED25519] = { [KEY_ED25519] = true },
	};

	(void)state;
	for (int s = 0; s < SCHEMES; s++)
		for (int t = 0; t < KEY_TYPES; t++)
			assert_int_equal(
			    scheme_fits_tls13((enum scheme)s, (enum key_type)t),
			    fits[s][t]);
}

static void
no_signature_is_longer_than_the_maximum(void **state)
{
	(void)state;
	for (int i = 0; i < KEY_TYPES; i++)
		assert_true(key_type_info((enum key_type)i)->signature_max <=
			    SIGNATURE_MAX_BYTES);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_key_type_by_its_name),
		cmocka_unit_test(refuses_another_key_type),
		cmocka_unit_test(reads_every_scheme_by_its_name),
		cmocka_unit_test(refuses_another_scheme),
		cmocka_unit_test(has_the_registered_numbers),
		cmocka_unit_test(finds_a_scheme_by_any_spelling_of_its_hash),
		cmocka_unit_test(finds_ed25519_by_no_hash),
		cmocka_unit_test(finds_no_scheme_with_another_hash),
		cmocka_unit_test(has_a_default_scheme_for_every_type),
		cmocka_unit_test(tls_1_2_ties_an_ecdsa_scheme_to_its_hash_alone),
		cmocka_unit_test(tls_1_3_ties_it_to_the_curve_too),
		cmocka_unit_test(no_signature_is_longer_than_the_maximum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
