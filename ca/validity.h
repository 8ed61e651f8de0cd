/* validity.h - from when until when a certificate will be valid. */
#ifndef CA_VALIDITY_H
#define CA_VALIDITY_H

#include <stdint.h>

#include "ca/profile.h"
#include "ca/violation.h"

/* Both ends belong to it (RFC 5280 section 4.1.2.5); seconds since 1970. */
struct validity {
	int64_t not_before, not_after;
};

/*
 * wanted_s is the length from now, or 0 for the profile's own; issuer is NULL for a
 * root. What would end after the issuer is shortened or refused as the profile says.
 */
void validity_choose(const struct profile *profile, int64_t wanted_s, int64_t now,
    const struct validity *issuer, struct validity *validity, struct violations *v);

#endif
