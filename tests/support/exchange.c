/* exchange.c - encrypts blocks of its own making, without OpenSSL's padding. */
#include "tests/support/exchange.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

const char *
exchange_name(enum exchange_kind kind)
{
	static const char *const names[EXCHANGES] = {
		[EXCHANGE_GOOD] = "good",
		[EXCHANGE_FIRST_BYTE] = "first byte not 00",
		[EXCHANGE_SECOND_BYTE] = "second byte not 02",
		[EXCHANGE_ZERO_IN_PS] = "zero early in the padding",
		[EXCHANGE_LATE_ZERO_IN_PS] = "zero late in the padding",
		[EXCHANGE_NO_ZERO] = "no zero",
		[EXCHANGE_SHORT_SECRET] = "secret of 47 bytes",
		[EXCHANGE_VERSION] = "wrong minor version",
		[EXCHANGE_MAJOR_VERSION] = "wrong major version",
		[EXCHANGE_TOO_LARGE] = "ciphertext too large",
	};

	return names[kind];
}

static void
random_nonzero(unsigned char *data, size_t len)
{
	if (RAND_bytes(data, (int)len) != 1)
		abort();
	for (size_t i = 0; i < len; i++)
		if (data[i] == 0)
			data[i] = 0x55;
}

void
exchange_block(enum exchange_kind kind, unsigned char *em, size_t len)
{
	const size_t zero_at = len - PREMASTER_BYTES - 1;

	random_nonzero(em, len);
	em[0] = kind == EXCHANGE_FIRST_BYTE ? 1 : 0;
	em[1] = kind == EXCHANGE_SECOND_BYTE ? 1 : 2;
	em[zero_at] = 0;
	em[zero_at + 1] = kind == EXCHANGE_MAJOR_VERSION ? 2 : 3;
	em[zero_at + 2] = kind == EXCHANGE_VERSION ? 2 : 3;
	if (kind == EXCHANGE_ZERO_IN_PS)
		em[5] = 0;
	if (kind == EXCHANGE_LATE_ZERO_IN_PS)
		em[zero_at - 1] = 0;
	if (kind == EXCHANGE_NO_ZERO)
		em[zero_at] = 1;
	if (kind == EXCHANGE_SHORT_SECRET) {
		em[zero_at] = 1;
		em[zero_at + 1] = 0;
		em[zero_at + 2] = em[zero_at + 3] = 3;
	}
}

static void
encrypt(EVP_PKEY *public, const unsigned char *em, struct exchange_sent *sent)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(public, NULL);

	if (ctx == NULL || EVP_PKEY_encrypt_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) != 1 ||
	    EVP_PKEY_encrypt(ctx, sent->ciphertext, &sent->len, em, sent->len) != 1)
		abort();
	EVP_PKEY_CTX_free(ctx);
}

/* The modulus and a little more. */
static void
too_large(EVP_PKEY *public, struct exchange_sent *sent)
{
	BIGNUM *n = NULL;

	if (EVP_PKEY_get_bn_param(public, OSSL_PKEY_PARAM_RSA_N, &n) != 1 ||
	    BN_add_word(n, 5) != 1 ||
	    BN_bn2binpad(n, sent->ciphertext, (int)sent->len) < 0)
		abort();
	BN_free(n);
}

void
exchange_make(const struct key *key, enum exchange_kind kind, struct exchange_sent *sent)
{
	const unsigned char *p = key->spki;
	EVP_PKEY *public = d2i_PUBKEY(NULL, &p, (long)key->spki_len);
	unsigned char em[SIGNATURE_MAX_BYTES];

	if (public == NULL)
		abort();
	sent->len = key_type_info(key->type)->signature_max;
	exchange_block(kind, em, sent->len);
	memcpy(sent->premaster, em + sent->len - PREMASTER_BYTES, PREMASTER_BYTES);
	if (kind == EXCHANGE_TOO_LARGE)
		too_large(public, sent);
	else
		encrypt(public, em, sent);
	EVP_PKEY_free(public);
}
