/*
 * premaster.c - constant-time unpadding (RFC 5246 section 7.4.7.1; CVE-2017-13099,
 * "ROBOT").
 *
 * No branch and no index depends on em or got. The place of the zero that ends the
 * padding is fixed by the secret's fixed length, so nothing is searched for.
 */
#include "pkcs11/premaster.h"

#include <stdint.h>

/* All ones for zero, else zero. By way of memory, lest a compiler see what it is and make
 * a branch of it. */
static uint32_t
mask_of_zero(uint32_t x)
{
	volatile uint32_t mask = (uint32_t)(((uint64_t)x - 1) >> 32);

	return mask;
}

/* Zero for a block that is as TLS wants it. */
static uint32_t
defects(const unsigned char *em, size_t em_len, size_t got)
{
	const size_t zero_at = em_len - PREMASTER_BYTES - 1;
	const unsigned char *version = em + zero_at + 1;
	const uint64_t length = (uint64_t)got ^ em_len;
	uint32_t bad = (uint32_t)(length | length >> 32);

	bad |= em[0] | (em[1] ^ 2u);
	for (size_t i = 2; i < zero_at; i++)
		bad |= mask_of_zero(em[i]);
	return bad | em[zero_at] | (version[0] ^ 3u) | (version[1] ^ 3u);
}

void
premaster_take(const unsigned char *em, size_t em_len, size_t got,
    unsigned char premaster[static PREMASTER_BYTES])
{
	const unsigned char *secret = em + em_len - PREMASTER_BYTES;
	const uint32_t good = mask_of_zero(defects(em, em_len, got));

	for (size_t i = 0; i < PREMASTER_BYTES; i++)
		premaster[i] =
		    (unsigned char)((secret[i] & good) | (premaster[i] & ~good));
}
