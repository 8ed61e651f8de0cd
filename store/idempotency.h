/*
 * idempotency.h - requests that may be repeated and still have one effect.
 *
 * An entry is open while its request is being answered. Recording the certificate
 * completes it, in the same transaction, so that who never saw the answer gets that
 * certificate on asking again. What is open when the store is opened belongs to a
 * process that is gone: it recorded nothing, and the entry is removed.
 */
#ifndef STORE_IDEMPOTENCY_H
#define STORE_IDEMPOTENCY_H

#include "store/store.h"

#define IDEMPOTENCY_LIFETIME_S 86400

enum idempotency_state {
	IDEMPOTENCY_NEW,       /* the entry was made, and is open */
	IDEMPOTENCY_IN_FLIGHT, /* another call has it open */
	IDEMPOTENCY_DONE,      /* serial is what was recorded */
	IDEMPOTENCY_OTHER,     /* the key stands for another request */
};

struct idempotency {
	const char *requester, *key;
	unsigned char request_sha256[32];
};

/* Opens an entry unless there is one that is younger than the lifetime. Removes some of
 * those that are older. */
int store_idempotency_begin(struct store *store, const struct idempotency *entry,
    enum idempotency_state *state, char serial[static STORE_SERIAL_SIZE],
    struct error *err);

/* The request failed: an entry that is still open is removed. Where that fails, as on a
 * full disk, it is remembered, and makes way for the next of its key. */
int store_idempotency_abandon(
    struct store *store, const struct idempotency *entry, struct error *err);

#endif
