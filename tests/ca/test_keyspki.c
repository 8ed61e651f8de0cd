/* test_keyspki.c - the short way gives what OpenSSL's encoders and decoders give. */
#include "ca/keyspki.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include "tests/ca/support.h"

static EVP_PKEY *keys[7];

static int
make_keys(void **state)
{
	(void)state;
	keys[0] = ec_key("P-256");
	keys[1] = ec_key("P-384");
	keys[2] = ec_key("P-521");
	keys[3] = rsa_key(2048);
	keys[4] = rsa_pss_key();
	keys[5] = ed25519_key();
	keys[6] = ec_key("secp256k1");
	return 0;
}

static int
free_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < 7; i++)
		EVP_PKEY_free(keys[i]);
	return 0;
}

static void
assert_written_as_by_openssl(const EVP_PKEY *key)
{
	X509_PUBKEY *spki = keyspki_write(key);
	unsigned char *ours = NULL, *theirs = NULL;
	int len = i2d_PUBKEY(key, &theirs);

	assert_non_null(spki);
	assert_int_equal(i2d_X509_PUBKEY(spki, &ours), len);
	assert_memory_equal(ours, theirs, (size_t)len);
	OPENSSL_free(ours);
	OPENSSL_free(theirs);
	X509_PUBKEY_free(spki);
}

static void
writes_what_openssl_writes(void **state)
{
	(void)state;
	for (size_t i = 0; i < 7; i++)
		assert_written_as_by_openssl(keys[i]);
}

static void
writes_explicit_parameters_and_compressed_points_as_openssl_does(void **state)
{
	EVP_PKEY *explicit = ec_key("P-256"), *compressed = ec_key("P-256");

	(void)state;
	assert_int_equal(EVP_PKEY_set_utf8_string_param(explicit,
			     OSSL_PKEY_PARAM_EC_ENCODING, OSSL_PKEY_EC_ENCODING_EXPLICIT),
	    1);
	assert_int_equal(EVP_PKEY_set_utf8_string_param(compressed,
			     OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
			     OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_COMPRESSED),
	    1);
	assert_written_as_by_openssl(explicit);
	assert_written_as_by_openssl(compressed);
	EVP_PKEY_free(explicit);
	EVP_PKEY_free(compressed);
}

static void
reads_what_openssl_reads(void **state)
{
	(void)state;
	for (size_t i = 0; i < 7; i++) {
		X509_PUBKEY *spki = NULL;
		EVP_PKEY *read = NULL;

		assert_int_equal(X509_PUBKEY_set(&spki, keys[i]), 1);
		assert_int_equal(keyspki_read(NULL, spki, &read), 0);
		assert_int_equal(EVP_PKEY_eq(read, keys[i]), 1);
		assert_string_equal(
		    EVP_PKEY_get0_type_name(read), EVP_PKEY_get0_type_name(keys[i]));
		EVP_PKEY_free(read);
		X509_PUBKEY_free(spki);
	}
}

/* bits as the content of the BIT STRING. */
static int
read_bits(int algorithm, int type, void *parameter, const void *bits, int len)
{
	X509_PUBKEY *spki = X509_PUBKEY_new();
	EVP_PKEY *read = NULL;
	int rc;

	assert_int_equal(X509_PUBKEY_set0_param(spki, OBJ_nid2obj(algorithm), type,
			     parameter, OPENSSL_memdup(bits, (size_t)len), len),
	    1);
	rc = keyspki_read(NULL, spki, &read);
	assert_true((rc == 0) == (read != NULL));
	EVP_PKEY_free(read);
	X509_PUBKEY_free(spki);
	ERR_clear_error();
	return rc;
}

static void
refuses_a_point_beside_the_curve(void **state)
{
	unsigned char point[65] = { 4, 1 };

	(void)state;
	assert_int_equal(read_bits(NID_X9_62_id_ecPublicKey, V_ASN1_OBJECT,
			     OBJ_nid2obj(NID_X9_62_prime256v1), point, sizeof(point)),
	    -1);
}

static void
refuses_rsa_numbers_that_are_none(void **state)
{
	static const unsigned char one_number[] = { 0x30, 3, 2, 1, 5 };
	static const unsigned char not_der[] = { 0x30, 0x80, 2, 1, 5, 2, 1, 3, 0 };
	static const unsigned char cut_off[] = { 0x30, 9, 2, 1, 5 };

	(void)state;
	assert_int_equal(read_bits(NID_rsaEncryption, V_ASN1_NULL, NULL, one_number,
			     sizeof(one_number)),
	    -1);
	assert_int_equal(
	    read_bits(NID_rsaEncryption, V_ASN1_NULL, NULL, not_der, sizeof(not_der)),
	    -1);
	assert_int_equal(
	    read_bits(NID_rsaEncryption, V_ASN1_NULL, NULL, cut_off, sizeof(cut_off)),
	    -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_what_openssl_writes),
		cmocka_unit_test(
		    writes_explicit_parameters_and_compressed_points_as_openssl_does),
		cmocka_unit_test(reads_what_openssl_reads),
		cmocka_unit_test(refuses_a_point_beside_the_curve),
		cmocka_unit_test(refuses_rsa_numbers_that_are_none),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
