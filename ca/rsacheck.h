/* rsacheck.h - RSA public keys that somebody could factor. */
#ifndef CA_RSACHECK_H
#define CA_RSACHECK_H

#include <openssl/types.h>

#include "base/error.h"
#include "ca/violation.h"

/*
 * Size, exponent, small factors, powers of primes, close primes and the ROCA fingerprint
 * of an RSA key. Returns -1 only when memory runs out; what is wrong with the key goes to
 * v.
 */
int rsacheck_run(const EVP_PKEY *key, struct violations *v, struct error *err);

#endif
