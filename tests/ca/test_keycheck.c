/* test_keycheck.c - public keys that are certified, and those that are not. */
#include "ca/keycheck.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include "tests/ca/support.h"

static void
accept(EVP_PKEY *key)
{
	struct violations v = { 0 };
	struct error err = { 0 };

	assert_int_equal(keycheck_key(NULL, key, &v, &err), 0);
	if (v.count > 0)
		fail_msg("%s: %s", v.items[0].rule, v.items[0].detail);
	EVP_PKEY_free(key);
}

static void
refuse(EVP_PKEY *key, enum rule rule)
{
	struct violations v = { 0 };
	struct error err = { 0 };

	assert_non_null(key);
	assert_int_equal(keycheck_key(NULL, key, &v, &err), 0);
	assert_true(breaks(&v, rule));
	EVP_PKEY_free(key);
}

/* A modulus of 2048 bits without anything in common with a real one. */
static BIGNUM *
random_modulus(void)
{
	BIGNUM *n = BN_new();

	assert_int_equal(BN_rand(n, 2048, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ODD), 1);
	return n;
}

static void
accepts_every_type_of_key(void **state)
{
	(void)state;
	accept(rsa_key(2048));
	accept(rsa_key(3072));
	accept(rsa_key(4096));
	accept(ec_key("P-256"));
	accept(ec_key("P-384"));
	accept(ec_key("P-521"));
	accept(rsa_pss_key());
	accept(ed25519_key());
}

static void
refuses_other_algorithms(void **state)
{
	(void)state;
	refuse(EVP_PKEY_Q_keygen(NULL, NULL, "X25519"), RULE_CSR_KEY_ALGORITHM);
	refuse(EVP_PKEY_Q_keygen(NULL, NULL, "ED448"), RULE_CSR_KEY_ALGORITHM);
}

/* RFC 4055 section 3.1: they would say which hash and salt the key may sign with. */
static void
refuses_an_rsa_pss_key_with_parameters(void **state)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
	EVP_PKEY *key = NULL;

	(void)state;
	EVP_PKEY_keygen_init(ctx);
	EVP_PKEY_CTX_set_rsa_pss_keygen_md_name(ctx, "SHA256", NULL);
	assert_int_equal(EVP_PKEY_generate(ctx, &key), 1);
	EVP_PKEY_CTX_free(ctx);
	refuse(key, RULE_CSR_KEY_ENCODING);
}

static void
refuses_rsa_of_other_sizes(void **state)
{
	BIGNUM *huge = BN_new();

	(void)state;
	refuse(rsa_key(1024), RULE_CSR_RSA_SIZE);
	refuse(rsa_key(2056), RULE_CSR_RSA_SIZE);
	BN_rand(huge, 8192, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ODD);
	refuse(rsa_public(huge, 65537), RULE_CSR_RSA_SIZE);
	BN_free(huge);
}

static void
gives_no_huge_key_to_verify_with(void **state)
{
	struct violations v = { 0 };
	BIGNUM *huge = BN_new();
	X509_PUBKEY *spki = NULL;
	EVP_PKEY *key, *read;

	(void)state;
	BN_rand(huge, 8192, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ODD);
	key = rsa_public(huge, 65537);
	assert_int_equal(X509_PUBKEY_set(&spki, key), 1);
	assert_int_equal(keycheck_read(NULL, spki, &read, &v, NULL), 0);
	assert_null(read);
	X509_PUBKEY_free(spki);
	EVP_PKEY_free(key);
	BN_free(huge);
}

static void
refuses_an_exponent_of_three(void **state)
{
	BIGNUM *n = random_modulus();

	(void)state;
	refuse(rsa_public(n, 3), RULE_CSR_RSA_EXPONENT);
	BN_free(n);
}

static void
refuses_an_even_modulus(void **state)
{
	BIGNUM *n = random_modulus();

	(void)state;
	BN_sub_word(n, 1);
	refuse(rsa_public(n, 65537), RULE_CSR_RSA_EVEN);
	BN_free(n);
}

/* 751 is the largest prime below the bound. */
static void
refuses_a_small_factor(void **state)
{
	BIGNUM *n = random_modulus();

	(void)state;
	BN_sub_word(n, BN_mod_word(n, 751));
	if (!BN_is_odd(n))
		BN_sub_word(n, 751);
	refuse(rsa_public(n, 65537), RULE_CSR_RSA_SMALL_FACTOR);
	BN_free(n);
}

static BIGNUM *
product_of_close_primes(bool equal)
{
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *p = BN_new(), *q = BN_new(), *n = BN_new();

	assert_int_equal(BN_generate_prime_ex(p, 1024, 0, NULL, NULL, NULL), 1);
	BN_copy(q, p);
	while (!equal && (BN_cmp(p, q) == 0 || BN_check_prime(q, ctx, NULL) != 1))
		BN_add_word(q, 2);
	BN_mul(n, p, q, ctx);
	BN_free(p);
	BN_free(q);
	BN_CTX_free(ctx);
	return n;
}

static void
refuses_primes_that_are_close(void **state)
{
	BIGNUM *n = product_of_close_primes(false),
	       *square = product_of_close_primes(true);

	(void)state;
	refuse(rsa_public(n, 65537), RULE_CSR_RSA_CLOSE_PRIMES);
	refuse(rsa_public(square, 65537), RULE_CSR_RSA_CLOSE_PRIMES);
	BN_free(n);
	BN_free(square);
}

/* Of 2048 bits: a prime, and the third power of one. */
static void
refuses_a_prime_and_its_power(void **state)
{
	BIGNUM *n = BN_new(), *p = BN_new();
	BN_CTX *ctx = BN_CTX_new();

	(void)state;
	assert_int_equal(BN_generate_prime_ex(n, 2048, 0, NULL, NULL, NULL), 1);
	refuse(rsa_public(n, 65537), RULE_CSR_RSA_PRIME_POWER);
	do {
		assert_int_equal(BN_generate_prime_ex(p, 683, 0, NULL, NULL, NULL), 1);
		BN_sqr(n, p, ctx);
		BN_mul(n, n, p, ctx);
	} while (BN_num_bits(n) != 2048);
	refuse(rsa_public(n, 65537), RULE_CSR_RSA_PRIME_POWER);
	BN_free(n);
	BN_free(p);
	BN_CTX_free(ctx);
}

static void
refuses_other_curves(void **state)
{
	(void)state;
	refuse(ec_key("secp256k1"), RULE_CSR_EC_CURVE);
	refuse(ec_key("P-224"), RULE_CSR_EC_CURVE);
}

static void
refuses_explicit_curve_parameters(void **state)
{
	EVP_PKEY *key = ec_key("P-256");

	(void)state;
	assert_int_equal(
	    EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_ENCODING, "explicit"),
	    1);
	refuse(key, RULE_CSR_EC_CURVE);
}

static void
refuses_a_compressed_point(void **state)
{
	EVP_PKEY *key = ec_key("P-256");

	(void)state;
	assert_int_equal(EVP_PKEY_set_utf8_string_param(key,
			     OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "compressed"),
	    1);
	refuse(key, RULE_CSR_EC_POINT);
}

/* Changes one octet of the encoded key and reads it again. */
static void
refuse_changed(EVP_PKEY *key, size_t from_end, unsigned char change, enum rule rule)
{
	struct violations v = { 0 };
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der);
	const unsigned char *p = der;
	X509_PUBKEY *spki;
	EVP_PKEY *read;

	der[(size_t)len - from_end] ^= change;
	assert_non_null(spki = d2i_X509_PUBKEY(NULL, &p, len));
	assert_int_equal(keycheck_read(NULL, spki, &read, &v, NULL), 0);
	assert_true(breaks(&v, rule));
	EVP_PKEY_free(read);
	EVP_PKEY_free(key);
	X509_PUBKEY_free(spki);
	OPENSSL_free(der);
}

static void
refuses_a_point_off_the_curve(void **state)
{
	(void)state;
	refuse_changed(ec_key("P-256"), 1, 0x01, RULE_CSR_EC_POINT);
}

static void
refuse_point(const unsigned char *point, size_t len)
{
	struct violations v = { 0 };
	X509_PUBKEY *spki = X509_PUBKEY_new();
	EVP_PKEY *read;

	assert_int_equal(
	    X509_PUBKEY_set0_param(spki, OBJ_nid2obj(NID_X9_62_id_ecPublicKey),
		V_ASN1_OBJECT, OBJ_nid2obj(NID_X9_62_prime256v1),
		OPENSSL_memdup(point, len), (int)len),
	    1);
	assert_int_equal(keycheck_read(NULL, spki, &read, &v, NULL), 0);
	assert_true(breaks(&v, RULE_CSR_EC_POINT));
	EVP_PKEY_free(read);
	X509_PUBKEY_free(spki);
}

/* P-256: y^2 = x^3 - 3x + b has a point with x = 0, which x = p must not stand for. */
static void
refuses_infinity_and_a_coordinate_that_is_not_reduced(void **state)
{
	static const unsigned char infinity[] = { 0x00 };
	static const unsigned char unreduced[65] = { 0x04,
		/* p */
		0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		/* the root of b */
		0x66, 0x48, 0x5c, 0x78, 0x0e, 0x2f, 0x83, 0xd7, 0x24, 0x33, 0xbd, 0x5d,
		0x84, 0xa0, 0x6b, 0xb6, 0x54, 0x1c, 0x2a, 0xf3, 0x1d, 0xae, 0x87, 0x17,
		0x28, 0xbf, 0x85, 0x6a, 0x17, 0x4f, 0x93, 0xf4 };

	(void)state;
	refuse_point(infinity, sizeof(infinity));
	refuse_point(unreduced, sizeof(unreduced));
}

static void
refuses_a_key_that_does_not_decode(void **state)
{
	EVP_PKEY *key = rsa_key(2048);

	(void)state;
	/* The tag of the modulus, 265 octets before the end: no INTEGER any more. */
	refuse_changed(key, 266, 0x04, RULE_CSR_KEY_ENCODING);
}

/* The whole of an SPKI in DER, changed, and read again. */
static void
refuse_der(unsigned char *der, size_t len)
{
	const unsigned char *p = der;
	X509_PUBKEY *spki = d2i_X509_PUBKEY(NULL, &p, (long)len);
	struct violations v = { 0 };
	EVP_PKEY *read = NULL;

	assert_non_null(spki);
	assert_int_equal(keycheck_read(NULL, spki, &read, &v, NULL), 0);
	assert_true(breaks(&v, RULE_CSR_KEY_ENCODING));
	EVP_PKEY_free(read);
	X509_PUBKEY_free(spki);
}

/* By any other encoding a blocked key would have another hash. */
static void
refuses_an_rsa_key_with_an_octet_behind_it(void **state)
{
	EVP_PKEY *key = rsa_key(2048);
	X509_PUBKEY *spki = NULL;
	unsigned char copy[300];
	unsigned char *der = NULL;
	const unsigned char *bits;
	int len;

	(void)state;
	assert_int_equal(X509_PUBKEY_set(&spki, key), 1);
	X509_PUBKEY_get0_param(NULL, &bits, &len, NULL, spki);
	memcpy(copy, bits, (size_t)len);
	copy[len] = 0;
	assert_int_equal(
	    X509_PUBKEY_set0_param(spki, OBJ_nid2obj(NID_rsaEncryption), V_ASN1_NULL,
		NULL, OPENSSL_memdup(copy, (size_t)len + 1), len + 1),
	    1);
	len = i2d_X509_PUBKEY(spki, &der);
	assert_true(len > 0);
	refuse_der(der, (size_t)len);
	OPENSSL_free(der);
	X509_PUBKEY_free(spki);
	EVP_PKEY_free(key);
}

/* A key whose last bit is 0 can say that this bit does not count. */
static void
refuse_with_an_unused_bit(EVP_PKEY *(*make)(void), size_t bits_at)
{
	unsigned char *der = NULL;
	EVP_PKEY *key;
	int len;

	for (;;) {
		key = make();
		len = i2d_PUBKEY(key, &der);
		assert_true(len > 0);
		EVP_PKEY_free(key);
		if ((der[len - 1] & 1) == 0)
			break;
		OPENSSL_free(der);
		der = NULL;
	}
	assert_int_equal(der[bits_at], 0);
	der[bits_at] = 1;
	refuse_der(der, (size_t)len);
	OPENSSL_free(der);
}

static EVP_PKEY *
p256_key(void)
{
	return ec_key("P-256");
}

static void
refuses_a_key_with_unused_bits(void **state)
{
	(void)state;
	/* Where the count of unused bits is: before the last 65 or 32 octets. */
	refuse_with_an_unused_bit(p256_key, 91 - 66);
	refuse_with_an_unused_bit(ed25519_key, 44 - 33);
}

static void
refuses_rsa_without_null_parameters(void **state)
{
	EVP_PKEY *key = rsa_key(2048), *read;
	struct violations v = { 0 };
	X509_PUBKEY *spki = NULL;
	const unsigned char *bits;
	unsigned char *copy;
	int len;

	(void)state;
	assert_int_equal(X509_PUBKEY_set(&spki, key), 1);
	X509_PUBKEY_get0_param(NULL, &bits, &len, NULL, spki);
	copy = OPENSSL_memdup(bits, (size_t)len);
	assert_int_equal(X509_PUBKEY_set0_param(spki, OBJ_nid2obj(NID_rsaEncryption),
			     V_ASN1_UNDEF, NULL, copy, len),
	    1);
	assert_int_equal(keycheck_read(NULL, spki, &read, &v, NULL), 0);
	assert_true(breaks(&v, RULE_CSR_KEY_ENCODING));
	EVP_PKEY_free(read);
	EVP_PKEY_free(key);
	X509_PUBKEY_free(spki);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts_every_type_of_key),
		cmocka_unit_test(refuses_other_algorithms),
		cmocka_unit_test(refuses_an_rsa_pss_key_with_parameters),
		cmocka_unit_test(refuses_rsa_of_other_sizes),
		cmocka_unit_test(gives_no_huge_key_to_verify_with),
		cmocka_unit_test(refuses_an_exponent_of_three),
		cmocka_unit_test(refuses_an_even_modulus),
		cmocka_unit_test(refuses_a_small_factor),
		cmocka_unit_test(refuses_primes_that_are_close),
		cmocka_unit_test(refuses_a_prime_and_its_power),
		cmocka_unit_test(refuses_other_curves),
		cmocka_unit_test(refuses_explicit_curve_parameters),
		cmocka_unit_test(refuses_a_compressed_point),
		cmocka_unit_test(refuses_a_point_off_the_curve),
		cmocka_unit_test(refuses_infinity_and_a_coordinate_that_is_not_reduced),
		cmocka_unit_test(refuses_a_key_that_does_not_decode),
		cmocka_unit_test(refuses_an_rsa_key_with_an_octet_behind_it),
		cmocka_unit_test(refuses_a_key_with_unused_bits),
		cmocka_unit_test(refuses_rsa_without_null_parameters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
