/*
 * idempotency.h - the Idempotency-Key of a request
 * (draft-ietf-httpapi-idempotency-key-header).
 *
 * The key is the requester's own; the request that it stands for is method, target,
 * media type and body. What the answer looks like (Accept) may differ.
 */
#ifndef API_IDEMPOTENCY_H
#define API_IDEMPOTENCY_H

#include "api/handlers.h"
#include "store/idempotency.h"

#define IDEMPOTENCY_KEY_MAX 255

struct idempotent {
	struct idempotency entry; /* its key is NULL when the request has none */
	char key[IDEMPOTENCY_KEY_MAX + 1];
	char serial[STORE_SERIAL_SIZE]; /* of what an earlier one was answered with, or ""
					 */
};

/*
 * Opens the entry of a request with a key; ERROR_IN_FLIGHT, ERROR_KEY_REUSED, or
 * ERROR_BAD_REQUEST for no key at all. When serial is "" the caller records a
 * certificate under the key, or gives it up with idempotent_abandon.
 */
int idempotent_begin(
    const struct exchange *x, struct idempotent *idempotent, struct error *err);
void idempotent_abandon(const struct exchange *x, const struct idempotent *idempotent);

#endif
