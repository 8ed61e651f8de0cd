/*
 * blocked_keys.h - public keys that are never certified, by the SHA-256 of their SPKI.
 *
 * Errors are as in store.h.
 */
#ifndef STORE_BLOCKED_KEYS_H
#define STORE_BLOCKED_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

#define STORE_REASON_SIZE 201

struct blocked_key_row {
	unsigned char spki_sha256[32];
	char reason[STORE_REASON_SIZE];
	int64_t created; /* seconds since 1970 */
};

/*
 * Adds the key, or gives one that is there already the new reason and leaves its created;
 * *added says which.
 */
int store_blocked_key_put(struct store *store, const struct blocked_key_row *row,
    const struct audit_event *event, bool *added, struct error *err);

/* ERROR_NOT_FOUND when it is not there. */
int
store_blocked_key_remove(struct store *store, const unsigned char spki_sha256[static 32],
    const struct audit_event *event, struct error *err);

/* *found says whether row was filled in. */
int
store_blocked_key_find(struct store *store, const unsigned char spki_sha256[static 32],
    struct blocked_key_row *row, bool *found, struct error *err);

/*
 * At most limit of them in order of their hashes, after the one with hash after (NULL:
 * from the first), until visit returns non-zero. visit must not call the store.
 */
int store_blocked_key_each(struct store *store, const unsigned char *after, size_t limit,
    int (*visit)(void *ctx, const struct blocked_key_row *row), void *ctx,
    struct error *err);

#endif
