/* ocsp.h - what an OCSP responder has to know of the record. */
#ifndef STORE_OCSP_H
#define STORE_OCSP_H

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

struct ocsp_record {
	bool is_answered; /* for this issuer: it is active or retiring */
	bool is_recorded; /* a certificate of this serial and issuer; not a reservation */
	bool is_revoked;
	int64_t revoked_at; /* seconds since 1970 */
	int reason;         /* RFC 5280 section 5.3.1 CRLReason */
};

/* ERROR_NOT_FOUND for an unknown issuer only. */
int store_ocsp_find(struct store *store, const char *issuer, const char *serial,
    struct ocsp_record *record, struct error *err);

/*
 * Calls visit with the newest certificate of profile ocsp-signer that this issuer has
 * given to this key and that is not revoked; ERROR_NOT_FOUND when there is none.
 */
int store_ocsp_signer_find(struct store *store, const char *issuer,
    const unsigned char spki_sha256[static 32],
    int (*visit)(void *ctx, const struct certificate_row *row), void *ctx,
    struct error *err);

/* Whether any issuer has ever given such a certificate to this key. */
int store_ocsp_signer_exists(struct store *store,
    const unsigned char spki_sha256[static 32], bool *exists, struct error *err);

#endif
