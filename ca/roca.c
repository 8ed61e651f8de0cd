/* roca.c - a discrete logarithm modulo each small prime, by walking the powers. */
#include "ca/roca.h"

#include <stddef.h>

#include <openssl/bn.h>

#define GENERATOR 65537

/* The odd ones of the first 39 primes, which divide M for every length of key. */
static const unsigned primes[] = { 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47,
	53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137,
	139, 149, 151, 157, 163, 167 };

static bool
is_power(BN_ULONG residue, BN_ULONG prime)
{
	BN_ULONG power = 1;

	do {
		if (power == residue)
			return true;
		power = power * GENERATOR % prime;
	} while (power != 1);
	return false;
}

bool
roca_has_fingerprint(const BIGNUM *modulus)
{
	for (size_t i = 0; i < sizeof(primes) / sizeof(primes[0]); i++)
		if (!is_power(BN_mod_word(modulus, primes[i]), primes[i]))
			return false;
	return true;
}
