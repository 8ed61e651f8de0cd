/* rsacheck.c - cheap attacks on an RSA modulus, run before anybody else runs them. */
#include "ca/rsacheck.h"

#include <stdbool.h>

#include <openssl/bn.h>
#include <openssl/bnerr.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "ca/roca.h"

#define SMALL_FACTOR_BELOW 752 /* NIST SP 800-89 section 5.3.3 */
#define FERMAT_ROUNDS      100

static bool
is_small_prime(unsigned n)
{
	for (unsigned d = 2; d * d <= n; d++)
		if (n % d == 0)
			return false;
	return true;
}

/* A division by each: BN_gcd with their product takes the same time for every number, and
 * fifteen times as long. */
static bool
has_small_factor(const BIGNUM *n)
{
	for (unsigned p = 3; p < SMALL_FACTOR_BELOW; p += 2)
		if (is_small_prime(p) && BN_mod_word(n, p) == 0)
			return true;
	return false;
}

/* Whether a and the odd n have a factor in common, which is public: not by BN_gcd. */
static int
has_common_factor(const BIGNUM *a, const BIGNUM *n, BN_CTX *ctx, bool *found)
{
	BIGNUM *inverse;
	int rc = 0;

	BN_CTX_start(ctx);
	ERR_set_mark();
	*found = false;
	if ((inverse = BN_CTX_get(ctx)) == NULL)
		rc = -1;
	else if (BN_mod_inverse(inverse, a, n, ctx) == NULL) {
		*found = ERR_GET_REASON(ERR_peek_last_error()) == BN_R_NO_INVERSE;
		rc = *found ? 0 : -1;
	}
	ERR_pop_to_mark();
	BN_CTX_end(ctx);
	return rc;
}

/*
 * When n is a power of a prime p, 2^n = 2 modulo p by Fermat's little theorem, so that p
 * divides 2^n - 2. Of other numbers few do, and none that somebody made at random.
 */
static int
is_prime_power(const BIGNUM *n, BN_CTX *ctx, bool *found)
{
	BIGNUM *two, *rest;
	int rc = -1;

	BN_CTX_start(ctx);
	two = BN_CTX_get(ctx);
	rest = BN_CTX_get(ctx);
	if (rest == NULL || BN_set_word(two, 2) != 1 ||
	    BN_mod_exp(rest, two, n, n, ctx) != 1 || BN_sub(rest, rest, two) != 1)
		goto out;
	rc = has_common_factor(rest, n, ctx, found);
out:
	BN_CTX_end(ctx);
	return rc;
}

/* root = floor(sqrt(n)), by Newton's method from above. */
static int
integer_root(BIGNUM *root, const BIGNUM *n, BN_CTX *ctx)
{
	BIGNUM *next;
	int rc = -1;

	BN_CTX_start(ctx);
	if ((next = BN_CTX_get(ctx)) == NULL || BN_set_word(next, 1) != 1 ||
	    BN_lshift(next, next, (BN_num_bits(n) + 1) / 2) != 1)
		goto out;
	do {
		if (BN_copy(root, next) == NULL ||
		    BN_div(next, NULL, n, root, ctx) != 1 ||
		    BN_add(next, next, root) != 1 || BN_rshift1(next, next) != 1)
			goto out;
	} while (BN_cmp(next, root) < 0);
	rc = 0;
out:
	BN_CTX_end(ctx);
	return rc;
}

static bool
is_residue(BN_ULONG remainder, BN_ULONG modulus)
{
	for (BN_ULONG i = 0; i < modulus; i++)
		if (i * i % modulus == remainder)
			return true;
	return false;
}

/* Fewer than one number in a hundred passes without being a square: roots are dear. */
static bool
may_be_square(const BIGNUM *n)
{
	static const BN_ULONG moduli[] = { 64, 63, 65, 11 };

	for (size_t i = 0; i < sizeof(moduli) / sizeof(moduli[0]); i++)
		if (!is_residue(BN_mod_word(n, moduli[i]), moduli[i]))
			return false;
	return true;
}

static int
is_square(const BIGNUM *n, BN_CTX *ctx, bool *square)
{
	BIGNUM *root, *back;
	int rc = -1;

	*square = BN_is_zero(n);
	if (*square || !may_be_square(n))
		return 0;
	BN_CTX_start(ctx);
	root = BN_CTX_get(ctx);
	back = BN_CTX_get(ctx);
	if (back == NULL || integer_root(root, n, ctx) != 0 ||
	    BN_sqr(back, root, ctx) != 1)
		goto out;
	*square = BN_cmp(back, n) == 0;
	rc = 0;
out:
	BN_CTX_end(ctx);
	return rc;
}

/* Fermat: n = a^2 - b^2 with a just above sqrt(n) when the primes are close together. */
static int
has_close_primes(const BIGNUM *n, BN_CTX *ctx, bool *found)
{
	BIGNUM *a, *b2, *step;
	int rc = -1;

	BN_CTX_start(ctx);
	a = BN_CTX_get(ctx);
	b2 = BN_CTX_get(ctx);
	step = BN_CTX_get(ctx);
	if (step == NULL || integer_root(a, n, ctx) != 0)
		goto out;
	for (int i = 0; i < FERMAT_ROUNDS && !*found; i++) {
		/* Round 0 tests floor(sqrt(n)) itself: b2 is negative unless n is a
		 * square. */
		if (BN_sqr(b2, a, ctx) != 1 || BN_sub(b2, b2, n) != 1)
			goto out;
		if (!BN_is_negative(b2) && is_square(b2, ctx, found) != 0)
			goto out;
		if (BN_add_word(a, 1) != 1)
			goto out;
	}
	rc = 0;
out:
	BN_CTX_end(ctx);
	return rc;
}

static int
check_modulus(const BIGNUM *n, BN_CTX *ctx, struct violations *v, struct error *err)
{
	bool power = false, close = false;

	if (!BN_is_odd(n)) {
		violations_add(v, RULE_CSR_RSA_EVEN, "key", "the modulus is even");
		return 0;
	}
	if (is_prime_power(n, ctx, &power) != 0 || has_close_primes(n, ctx, &close) != 0)
		return error_set_openssl(err, ERROR_INTERNAL, "examine an RSA modulus");
	if (has_small_factor(n))
		violations_add(v, RULE_CSR_RSA_SMALL_FACTOR, "key",
		    "the modulus has a prime factor below %d", SMALL_FACTOR_BELOW);
	if (power)
		violations_add(v, RULE_CSR_RSA_PRIME_POWER, "key",
		    "the modulus is not a product of different primes");
	if (roca_has_fingerprint(n))
		violations_add(v, RULE_CSR_RSA_ROCA, "key",
		    "the modulus is one of the generator of CVE-2017-15361 (ROCA)");
	if (close)
		violations_add(v, RULE_CSR_RSA_CLOSE_PRIMES, "key",
		    "Fermat's method factors the modulus within %d rounds",
		    FERMAT_ROUNDS);
	return 0;
}

static int
check_numbers(const BIGNUM *n, const BIGNUM *e, struct violations *v, struct error *err)
{
	int bits = BN_num_bits(n);
	BN_CTX *ctx;
	int rc;

	if (!BN_is_word(e, RSA_F4))
		violations_add(
		    v, RULE_CSR_RSA_EXPONENT, "key", "the exponent is not 65537");
	if (bits != 2048 && bits != 3072 && bits != 4096) {
		violations_add(v, RULE_CSR_RSA_SIZE, "key",
		    "a modulus of %d bits; 2048, 3072 or 4096 are accepted", bits);
		return 0;
	}
	if ((ctx = BN_CTX_new()) == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	rc = check_modulus(n, ctx, v, err);
	BN_CTX_free(ctx);
	return rc;
}

int
rsacheck_run(const EVP_PKEY *key, struct violations *v, struct error *err)
{
	BIGNUM *n = NULL, *e = NULL;
	int rc = -1;

	if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n) != 1 ||
	    EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) != 1) {
		error_set_openssl(err, ERROR_INTERNAL, "numbers of an RSA key");
		goto out;
	}
	rc = check_numbers(n, e, v, err);
out:
	BN_free(n);
	BN_free(e);
	return rc;
}
