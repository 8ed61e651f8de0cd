/*
 * roca.h - RSA keys of the generator with CVE-2017-15361, known by their modulus.
 *
 * Nemec, Sys, Svenda, Klinec and Matyas, "The Return of Coppersmith's Attack" (ACM CCS
 * 2017), section 3: each of its primes is k * M + (65537^a mod M), where M is a product
 * of the first primes, 39 of them for the shortest keys and more for longer ones. So
 * modulo each of those primes the modulus, too, is a power of 65537.
 */
#ifndef CA_ROCA_H
#define CA_ROCA_H

#include <stdbool.h>

#include <openssl/types.h>

/* One modulus of another origin in 2^27 has the fingerprint as well. */
bool roca_has_fingerprint(const BIGNUM *modulus);

#endif
