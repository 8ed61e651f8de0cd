/* authority_state.h - what the files of the authority share (inside ca/ only). */
#ifndef CA_AUTHORITY_STATE_H
#define CA_AUTHORITY_STATE_H

#include <pthread.h>

#include "ca/crl_shelf.h"
#include "ca/issuers.h"
#include "ca/profiles.h"
#include "ca/serials.h"
#include "ca/weakkeys.h"

struct authority {
	OSSL_LIB_CTX *libctx;
	struct store *store;
	struct issuers issuers;
	struct profiles profiles;
	struct serials serials;
	const struct weakkeys *weak_keys; /* NULL: no list */
	/* One issuer is made at a time, so that names and keys are compared before they
	 * are taken. */
	pthread_mutex_t creating;
	struct crl_shelves shelves;
	pthread_mutex_t waking; /* guards the two below */
	void (*wake)(void *ctx);
	void *wake_ctx;
};

/* A CRL may be due now: wakes whoever publishes. */
void authority_changed(struct authority *authority);

/* ERROR_CONFLICT when the certificate of the issuer, or of one above it, is revoked. */
int authority_check_unrevoked(
    struct authority *authority, const struct issuer *issuer, struct error *err);

#endif
