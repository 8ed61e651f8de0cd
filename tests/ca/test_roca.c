/* test_roca.c - moduli as the generator of CVE-2017-15361 made them, and good ones. */
#include "ca/roca.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/bn.h>

#include "ca/keycheck.h"
#include "tests/ca/support.h"

#define PRIMES_OF_2048 126 /* whose product M is for keys of this size */
#define GOOD_MODULI    5000

static bool
is_prime(unsigned n)
{
	for (unsigned d = 2; d * d <= n; d++)
		if (n % d == 0)
			return false;
	return true;
}

static void
set_product_of_primes(BIGNUM *product, int count)
{
	BN_set_word(product, 1);
	for (unsigned p = 2; count > 0; p++)
		if (is_prime(p)) {
			BN_mul_word(product, p);
			count--;
		}
}

/* k * M + (65537^a mod M), for random k and a, of 1024 bits, until it is prime. */
static void
set_prime_of_the_generator(BIGNUM *prime, BN_CTX *ctx)
{
	BIGNUM *m = BN_new(), *k = BN_new(), *a = BN_new(), *f4 = BN_new();

	set_product_of_primes(m, PRIMES_OF_2048);
	BN_set_word(f4, 65537);
	do {
		BN_rand(a, 250, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY);
		BN_mod_exp(prime, f4, a, m, ctx);
		BN_rand(k, 1025 - BN_num_bits(m), BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY);
		BN_mul(k, k, m, ctx);
		BN_add(prime, prime, k);
	} while (BN_num_bits(prime) != 1024 || BN_check_prime(prime, ctx, NULL) != 1);
	BN_free(m);
	BN_free(k);
	BN_free(a);
	BN_free(f4);
}

static BIGNUM *
modulus_of_the_generator(void)
{
	BIGNUM *p = BN_new(), *q = BN_new(), *n = BN_new();
	BN_CTX *ctx = BN_CTX_new();

	do {
		set_prime_of_the_generator(p, ctx);
		set_prime_of_the_generator(q, ctx);
		BN_mul(n, p, q, ctx);
	} while (BN_num_bits(n) != 2048);
	BN_free(p);
	BN_free(q);
	BN_CTX_free(ctx);
	return n;
}

static void
refuses_a_key_of_the_generator_and_for_nothing_else(void **state)
{
	BIGNUM *n = modulus_of_the_generator();
	EVP_PKEY *key = rsa_public(n, 65537);
	struct violations v = { 0 };

	(void)state;
	assert_int_equal(keycheck_key(NULL, key, &v, NULL), 0);
	assert_int_equal(v.count, 1);
	assert_true(breaks(&v, RULE_CSR_RSA_ROCA));
	EVP_PKEY_free(key);
	BN_free(n);
}

/* One prime that does not fit is enough. */
static void
accepts_a_modulus_that_fits_all_primes_but_one(void **state)
{
	BIGNUM *n = modulus_of_the_generator(), *others = BN_new();

	(void)state;
	assert_true(roca_has_fingerprint(n));
	/* Changes the residue modulo 37, and modulo no other of the primes. */
	set_product_of_primes(others, 39);
	BN_div_word(others, 37);
	for (int i = 0; roca_has_fingerprint(n) && i < 37; i++)
		BN_add(n, n, others);
	assert_false(roca_has_fingerprint(n));
	BN_free(n);
	BN_free(others);
}

static void
accepts_keys_of_openssl(void **state)
{
	struct violations v = { 0 };
	EVP_PKEY *key;

	(void)state;
	for (int i = 0; i < 4; i++) {
		key = rsa_key(2048);
		assert_int_equal(keycheck_key(NULL, key, &v, NULL), 0);
		assert_int_equal(v.count, 0);
		assert_false(breaks(&v, RULE_CSR_RSA_ROCA));
		EVP_PKEY_free(key);
	}
}

/* Numbers without small factors stand in for moduli: primes would take hours. */
static void
finds_no_fingerprint_in_thousands_of_good_moduli(void **state)
{
	BIGNUM *n = BN_new();

	(void)state;
	for (int i = 0; i < GOOD_MODULI; i++) {
		BN_rand(n, 2048, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ODD);
		assert_false(roca_has_fingerprint(n));
	}
	BN_free(n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts_keys_of_openssl),
		cmocka_unit_test(finds_no_fingerprint_in_thousands_of_good_moduli),
		cmocka_unit_test(refuses_a_key_of_the_generator_and_for_nothing_else),
		cmocka_unit_test(accepts_a_modulus_that_fits_all_primes_but_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
