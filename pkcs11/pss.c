/* pss.c - a digest padded for raw RSA. The names are those of RFC 8017 section 9.1.1. */
#include "pkcs11/pss.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#define HASH_MAX 64

static int
hash(enum scheme scheme, const void *data, size_t len, unsigned char *out,
    struct error *err)
{
	if (EVP_Q_digest(NULL, scheme_info(scheme)->hash, NULL, data, len, out, NULL) ==
	    1)
		return 0;
	return error_set_openssl(err, ERROR_INTERNAL, scheme_info(scheme)->hash);
}

/* H = Hash(00 00 00 00 00 00 00 00 || mHash || salt). */
static int
hash_salted(enum scheme scheme, const unsigned char *digest, const unsigned char *salt,
    unsigned char *h, struct error *err)
{
	unsigned char data[8 + 2 * HASH_MAX] = { 0 };
	size_t len = scheme_info(scheme)->hash_len;

	memcpy(data + 8, digest, len);
	memcpy(data + 8 + len, salt, len);
	return hash(scheme, data, 8 + 2 * len, h, err);
}

/* db ^= MGF1(H), appendix B.2.1. */
static int
mask(enum scheme scheme, const unsigned char *h, unsigned char *db, size_t db_len,
    struct error *err)
{
	unsigned char seed[HASH_MAX + 4] = { 0 }, block[HASH_MAX];
	size_t len = scheme_info(scheme)->hash_len;

	memcpy(seed, h, len);
	for (size_t at = 0; at < db_len; at += len, seed[len + 3]++) {
		if (hash(scheme, seed, len + 4, block, err) != 0)
			return -1;
		for (size_t i = 0; i < len && at + i < db_len; i++)
			db[at + i] ^= block[i];
	}
	return 0;
}

int
pss_encode(enum scheme scheme, const struct bytes *digest, unsigned char *em,
    size_t em_len, struct error *err)
{
	size_t len = scheme_info(scheme)->hash_len, db_len = em_len - len - 1;
	unsigned char salt[HASH_MAX];

	if (digest->len != len || em_len < 2 * len + 2)
		return error_set(err, ERROR_UNSUPPORTED,
		    "PSS: a digest of %zu bytes in %zu", digest->len, em_len);
	if (RAND_bytes(salt, (int)len) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, "random salt");
	memset(em, 0, em_len);
	em[db_len - len - 1] = 0x01;
	memcpy(em + db_len - len, salt, len);
	if (hash_salted(scheme, digest->data, salt, em + db_len, err) != 0 ||
	    mask(scheme, em + db_len, em, db_len, err) != 0)
		return -1;
	em[0] &= 0x7f; /* emBits is one less than the modulus has */
	em[em_len - 1] = 0xbc;
	return 0;
}
