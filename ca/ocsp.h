/*
 * ocsp.h - answers OCSP requests about what the authority's issuers have certified.
 *
 * The status is looked up in the store each time, so that nothing says good after a
 * revocation was committed; only the signature on what was found is kept and given
 * again. What is not recorded as this issuer's is unknown, a reserved serial too.
 */
#ifndef CA_OCSP_H
#define CA_OCSP_H

#include <stdbool.h>
#include <stdint.h>

#include "ca/authority.h"
#include "ca/ocsp_signer.h"

struct ocsp;

/* authority and source's ctx must outlive it. */
int ocsp_open(struct authority *authority, const struct ocsp_key_source *source,
    struct ocsp **ocsp, struct error *err);
void ocsp_close(struct ocsp *ocsp);

struct ocsp_answer {
	struct buffer der; /* OCSPResponse, signed */
	/* One certificate that is recorded, and no nonce: may be given to others. */
	bool is_shareable;
	int64_t this_update, next_update; /* seconds since 1970 */
};

/*
 * Answers a DER OCSPRequest, at this time. ERROR_BAD_REQUEST for what is none,
 * ERROR_FORBIDDEN when this issuer does not answer for a certificate that was asked
 * about, ERROR_REFUSED when it has expired, ERROR_BUSY and ERROR_TOKEN when it could
 * later, ERROR_NOT_FOUND for an unknown issuer. The caller clears answer in either case.
 * From any thread; at most 4 signatures are made at once.
 */
int ocsp_answer(struct ocsp *ocsp, const char *issuer, struct bytes request, int64_t now,
    struct ocsp_answer *answer, struct error *err);
void ocsp_answer_clear(struct ocsp_answer *answer);

/* What a client is told instead of an answer, unsigned: appends an OCSPResponse. */
int ocsp_refuse(enum error_code why, struct buffer *der, struct error *err);

#endif
