/* idempotency_state.h - the store's own part of it (inside store/ only). */
#ifndef STORE_IDEMPOTENCY_STATE_H
#define STORE_IDEMPOTENCY_STATE_H

#include "base/error.h"

struct certificate_row;
struct store;

/* Inside a transaction: the open entry that the row names, if any, has its serial. */
int idempotency_complete(
    struct store *store, const struct certificate_row *row, struct error *err);

/* When the store is opened. */
int idempotency_forget_open(struct store *store, struct error *err);

/* An open entry that could not be removed, when the disk was full: nobody is at it. */
struct idempotency_left {
	struct idempotency_left *next;
	char text[]; /* the requester and the key, each with its NUL */
};

/* When the store is closed. */
void idempotency_free_left(struct store *store);

#endif
