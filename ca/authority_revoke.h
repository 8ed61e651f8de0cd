/* authority_revoke.h - takes a certificate back. */
#ifndef CA_AUTHORITY_REVOKE_H
#define CA_AUTHORITY_REVOKE_H

#include "ca/authority.h"
#include "store/revocations.h"

struct revoke_request {
	const char *serial;       /* lower-case hex; NULL: the certificate below */
	struct bytes certificate; /* PEM or DER */
	int reason;               /* as reason_read gives it */
	int64_t invalidity_date;  /* 0: not known; not after now */
	const char *actor, *request_id;
	/* Asked, unless NULL, once it is known of which issuer the certificate is, before
	 * anything is recorded; what it refuses with is the answer. */
	int (*admit)(void *ctx, const char *issuer, struct error *err);
	void *admit_ctx;
};

/*
 * Revokes, and gives the revocation as it then stands: the first one, if it was revoked
 * before (store_revocation_add has the one exception). A certificate that is not in the
 * store, but was signed by one of the issuers, is recorded first. ERROR_NOT_FOUND for one
 * that is of no issuer, ERROR_CONFLICT when another has its serial, ERROR_BAD_REQUEST for
 * what is no certificate, or the root of this authority.
 */
int authority_revoke(struct authority *authority, const struct revoke_request *request,
    struct revocation *revocation, struct error *err);

#endif
