/*
 * spki.h - a SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7, RFC 3279, RFC 4055, RFC
 * 5480, RFC 8410) taken apart without OpenSSL's key decoders, which would ask this
 * provider again.
 */
#ifndef EVP_SPKI_H
#define EVP_SPKI_H

#include <openssl/types.h>

#include "base/buffer.h"
#include "base/error.h"
#include "evp/scheme.h"

#define SPKI_POINT_MAX 133 /* an uncompressed P-521 point (SEC 1 section 2.3.3) */

struct spki {
	enum key_type type;
	BIGNUM *n, *e; /* RSA, else NULL */
	unsigned char
	    point[SPKI_POINT_MAX]; /* EC: uncompressed point; Ed25519: the 32 bytes */
	size_t point_len;
};

/* Refuses other algorithms, sizes, curves, encodings and trailing bytes. */
int spki_read(const struct bytes *der, struct spki *spki, struct error *err);
void spki_clear(struct spki *spki);

/* Appends the DER; type and the members that go with it are set. */
int spki_write(const struct spki *spki, struct buffer *der, struct error *err);

#endif
