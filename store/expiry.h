/* expiry.h - which certificates end, and whether others have taken their place. */
#ifndef STORE_EXPIRY_H
#define STORE_EXPIRY_H

#include "store/store.h"

struct expiry_filter {
	int64_t from; /* what ended before it is left out */
	bool has_before;
	int64_t before;   /* what ends then or later is left out, if has_before */
	int64_t after_id; /* cursor: 0, or the id of the last row seen */
	size_t limit;     /* rows looked at, replaced ones too */
};

/*
 * Visits certificates that are not revoked, by row id. One is replaced when there is a
 * newer one that ends no sooner and is not revoked, for its key, or of its profile for
 * its first name. On a connection of its own, so that nobody else waits.
 */
int store_expiry_each(struct store *store, const struct expiry_filter *filter,
    int (*visit)(
	void *ctx, int64_t id, const struct certificate_row *row, bool is_replaced),
    void *ctx, struct error *err);

#endif
