/* exchange.h - ClientKeyExchanges (RFC 5246 section 7.4.7.1) of honest clients and
 * others.
 */
#ifndef TESTS_SUPPORT_EXCHANGE_H
#define TESTS_SUPPORT_EXCHANGE_H

#include <openssl/types.h>

#include "evp/key.h"

enum exchange_kind {
	EXCHANGE_GOOD,
	EXCHANGE_FIRST_BYTE,      /* not 00 */
	EXCHANGE_SECOND_BYTE,     /* not 02 */
	EXCHANGE_ZERO_IN_PS,      /* among the first 8 bytes of padding */
	EXCHANGE_LATE_ZERO_IN_PS, /* so the secret would be longer than 48 bytes */
	EXCHANGE_NO_ZERO,         /* none at all */
	EXCHANGE_SHORT_SECRET,    /* 47 bytes */
	EXCHANGE_VERSION,         /* 03 02 */
	EXCHANGE_MAJOR_VERSION,   /* 02 03 */
	EXCHANGE_TOO_LARGE,       /* the ciphertext is no less than the modulus */
};
#define EXCHANGES 10

const char *exchange_name(enum exchange_kind kind);

struct exchange_sent {
	unsigned char premaster[PREMASTER_BYTES]; /* where it belongs in a good block */
	unsigned char ciphertext[SIGNATURE_MAX_BYTES];
	size_t len;
};

/* Encrypts with the public key; random but for what kind says. Aborts when it cannot. */
void
exchange_make(const struct key *key, enum exchange_kind kind, struct exchange_sent *sent);

/* The block itself, as long as the modulus (there is none for EXCHANGE_TOO_LARGE). */
void exchange_block(enum exchange_kind kind, unsigned char *em, size_t len);

#endif
