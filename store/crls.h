/*
 * crls.h - the last CRL of each kind, and the numbers they bear.
 *
 * What was published is here before anybody is given it, so a restart serves the same
 * bytes, and no number is used twice.
 */
#ifndef STORE_CRLS_H
#define STORE_CRLS_H

#include "store/store.h"

#define CRL_OF_ALL (-1) /* the shard of a CRL of all certificates */

struct crl_row {
	int shard;
	bool is_delta;
	int64_t number;
	int64_t base;        /* of a delta: the number of the CRL that it adds to */
	int64_t last_change; /* of the issuer's revocations: the last that is in it */
	int64_t this_update, next_update;
	struct bytes crl; /* DER; on reading, valid during visit only */
};

/* A scheduled CRL of all certificates. Zeroed: none. */
struct crl_base {
	int64_t number, last_change, this_update, next_update;
};

/*
 * Replaces the rows of their kinds, all of one number. With is_base the first row is a
 * CRL of all certificates that deltas may add to from now on; bases that nobody can go by
 * at its this_update are forgotten. ERROR_CONFLICT when the number was used before.
 */
int store_crls_record(struct store *store, const char *issuer, const struct crl_row *rows,
    size_t count, bool is_base, const struct audit_event *event, struct error *err);

/* The issuer's CRLs, until visit returns non-zero. visit must not call the store. */
int store_crl_each(struct store *store, const char *issuer,
    int (*visit)(void *ctx, const struct crl_row *row), void *ctx, struct error *err);

/*
 * The highest number used, 0 for none; the last base; and the oldest that is valid at
 * now, or a zeroed one.
 */
int store_crl_numbers(struct store *store, const char *issuer, int64_t now,
    int64_t *highest, struct crl_base *last, struct crl_base *oldest, struct error *err);

#endif
