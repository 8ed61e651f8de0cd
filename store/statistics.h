/* statistics.h - how much there is, for those who watch. */
#ifndef STORE_STATISTICS_H
#define STORE_STATISTICS_H

#include "store/store.h"

struct store_size {
	int64_t audit_entries;
	int64_t bytes; /* of the database and its log, on disk */
};

/* Cheap. */
int store_size(struct store *store, struct store_size *size, struct error *err);

/* Of the certificates of an issuer that are neither expired nor revoked. */
struct certificate_counts {
	const char *issuer;
	int64_t valid;
	int64_t within_1d, within_7d, within_30d; /* they end by then */
	int64_t overdue;
};

#define STATISTICS_OVERDUE_LOOKED_AT 20000

/*
 * Visits each issuer with such certificates. Overdue are those that have names, and less
 * left than a sixth of their life, and 30 days, and no successor: a later certificate
 * for their first name. Only so many as above are looked at, those that end first.
 *
 * A million certificates take most of a second, on a connection of its own, so that
 * nobody else waits.
 */
int store_certificate_counts(struct store *store, int64_t now,
    void (*visit)(void *ctx, const struct certificate_counts *counts), void *ctx,
    struct error *err);

#endif
