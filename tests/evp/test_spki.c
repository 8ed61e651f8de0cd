/* test_spki.c - a SubjectPublicKeyInfo, against what OpenSSL writes. */
#include "evp/spki.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "tests/evp/software.h"

static void
reads_and_writes_what_openssl_does(void **state)
{
	(void)state;
	for (int i = 0; i < KEY_TYPES; i++) {
		struct buffer der, again;
		struct bytes bytes;
		struct spki spki;

		buf_init(&der, 0);
		buf_init(&again, 0);
		software_spki(software_key((enum key_type)i), &der);
		bytes = buf_bytes(&der);
		assert_int_equal(spki_read(&bytes, &spki, NULL), 0);
		assert_int_equal(spki.type, i);
		assert_int_equal(spki_write(&spki, &again, NULL), 0);
		assert_int_equal(again.len, der.len);
		assert_memory_equal(again.data, der.data, der.len);
		spki_clear(&spki);
		assert_null(spki.n);
		buf_free(&again);
		buf_free(&der);
	}
}

static void
check_refusal(const void *data, size_t len, const char *reason)
{
	struct bytes bytes = { .data = data, .len = len };
	struct error err = { 0 };
	struct spki spki;

	assert_int_equal(spki_read(&bytes, &spki, &err), -1);
	assert_int_equal(err.code, ERROR_BAD_REQUEST);
	if (strstr(err.text, reason) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", reason, err.text);
	assert_null(spki.n);
	assert_null(spki.e);
	/* A stale error would explain somebody else's failure. */
	assert_int_equal(ERR_peek_error(), 0);
}

/* Takes the key over. */
static void
check_key_refusal(EVP_PKEY *pkey, const char *reason)
{
	struct buffer der;

	assert_non_null(pkey);
	buf_init(&der, 0);
	software_spki(pkey, &der);
	check_refusal(der.data, der.len, reason);
	buf_free(&der);
	EVP_PKEY_free(pkey);
}

static void
refuses_other_sizes_of_rsa(void **state)
{
	(void)state;
	check_key_refusal(EVP_RSA_gen(1024), "RSA of 1024 bits");
	check_key_refusal(EVP_RSA_gen(2056), "RSA of 2056 bits");
}

static void
refuses_other_algorithms(void **state)
{
	(void)state;
	check_key_refusal(EVP_PKEY_Q_keygen(NULL, NULL, "X25519"), "neither");
	check_key_refusal(EVP_PKEY_Q_keygen(NULL, NULL, "ED448"), "neither");
}

static void
refuses_other_curves(void **state)
{
	(void)state;
	check_key_refusal(EVP_EC_gen("secp256k1"), "P-256/384/521");
	check_key_refusal(EVP_EC_gen("brainpoolP256r1"), "P-256/384/521");
}

static void
refuses_explicit_ec_parameters(void **state)
{
	EVP_PKEY *pkey = EVP_EC_gen("P-256");

	(void)state;
	assert_int_equal(EVP_PKEY_set_utf8_string_param(pkey, OSSL_PKEY_PARAM_EC_ENCODING,
			     OSSL_PKEY_EC_ENCODING_EXPLICIT),
	    1);
	check_key_refusal(pkey, "without a named curve");
}

static void
refuses_a_compressed_point(void **state)
{
	EVP_PKEY *pkey = EVP_EC_gen("P-256");

	(void)state;
	assert_int_equal(EVP_PKEY_set_utf8_string_param(pkey,
			     OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
			     OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_COMPRESSED),
	    1);
	check_key_refusal(pkey, "33 bytes instead of 65");
}

/* ANSI X9.62's hybrid form has the length of the uncompressed one. */
static void
refuses_a_hybrid_point(void **state)
{
	EVP_PKEY *pkey = EVP_EC_gen("P-256");

	(void)state;
	assert_int_equal(EVP_PKEY_set_utf8_string_param(pkey,
			     OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
			     OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_HYBRID),
	    1);
	check_key_refusal(pkey, "not uncompressed");
}

static void
refuses_every_truncation(void **state)
{
	(void)state;
	for (int i = 0; i < KEY_TYPES; i++) {
		struct key key = software_describe((enum key_type)i, "web");

		for (size_t len = 0; len < key.spki_len; len++)
			check_refusal(key.spki, len, "not a SubjectPublicKeyInfo");
	}
}

static void
refuses_a_trailing_byte(void **state)
{
	(void)state;
	for (int i = 0; i < KEY_TYPES; i++) {
		struct key key = software_describe((enum key_type)i, "web");

		key.spki[key.spki_len] = 0;
		check_refusal(key.spki, key.spki_len + 1, "not a SubjectPublicKeyInfo");
	}
}

static void
refuses_a_length_in_its_long_form(void **state)
{
	struct key key = software_describe(KEY_ED25519, "web");
	unsigned char ber[128] = { 0x30, 0x81 };

	(void)state;
	memcpy(ber + 2, key.spki + 1, key.spki_len - 1);
	check_refusal(ber, key.spki_len + 1, "not a SubjectPublicKeyInfo");
}

/* Ed25519's parameters MUST be absent (RFC 8410 section 3). */
static void
refuses_parameters_of_ed25519(void **state)
{
	unsigned char der[46] = { 0x30, 0x2c, 0x30, 0x07, 0x06, 0x03, 0x2b, 0x65, 0x70,
		0x05, 0x00, 0x03, 0x21, 0x00 };

	(void)state;
	memset(der + 14, 0x42, 32);
	check_refusal(der, sizeof(der), "parameters");
}

/* RSA's parameters MUST be NULL (RFC 3279 section 2.3.1). */
static void
refuses_rsa_without_its_null(void **state)
{
	struct key key = software_describe(KEY_RSA_2048, "web");
	unsigned char der[KEY_SPKI_MAX];

	(void)state;
	/* 30 82 LL LL 30 0d 06 09 ...9... 05 00 03 82 ... */
	assert_int_equal(key.spki[5], 0x0d);
	memcpy(der, key.spki, 17);
	memcpy(der + 17, key.spki + 19, key.spki_len - 19);
	der[5] = 0x0b;
	der[2] = (unsigned char)((key.spki_len - 6) >> 8);
	der[3] = (unsigned char)((key.spki_len - 6) & 0xff);
	check_refusal(der, key.spki_len - 2, "parameters");
}

static void
refuses_a_key_of_odd_bits(void **state)
{
	struct key key = software_describe(KEY_ED25519, "web");

	(void)state;
	/* 30 2a 30 05 06 03 2b 65 70 03 21 00: the last is the count of unused bits. */
	assert_int_equal(key.spki[11], 0);
	key.spki[11] = 3;
	key.spki[key.spki_len - 1] &= 0xf8;
	check_refusal(key.spki, key.spki_len, "bits");
}

static void
refuses_a_negative_modulus(void **state)
{
	struct key key = software_describe(KEY_RSA_2048, "web");

	(void)state;
	/* ... 02 82 01 01 00 MODULUS: a smaller first byte turns the sign, not the
	 * length. */
	assert_memory_equal(key.spki + 28, "\x02\x82\x01\x01\x00", 5);
	key.spki[32] = 0xff;
	key.spki[33] = 0x00;
	check_refusal(key.spki, key.spki_len, "public key");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_and_writes_what_openssl_does),
		cmocka_unit_test(refuses_other_sizes_of_rsa),
		cmocka_unit_test(refuses_other_algorithms),
		cmocka_unit_test(refuses_other_curves),
		cmocka_unit_test(refuses_explicit_ec_parameters),
		cmocka_unit_test(refuses_a_compressed_point),
		cmocka_unit_test(refuses_a_hybrid_point),
		cmocka_unit_test(refuses_every_truncation),
		cmocka_unit_test(refuses_a_trailing_byte),
		cmocka_unit_test(refuses_a_length_in_its_long_form),
		cmocka_unit_test(refuses_parameters_of_ed25519),
		cmocka_unit_test(refuses_rsa_without_its_null),
		cmocka_unit_test(refuses_a_key_of_odd_bits),
		cmocka_unit_test(refuses_a_negative_modulus),
	};

	return cmocka_run_group_tests(tests, software_make, software_free);
}
