/*
 * ocsp_cache.h - signed OCSP answers, kept to be given again.
 *
 * The key has all that an answer says of its certificate, so a revocation makes another
 * key of it and an older answer is never found again. When full, what was asked for
 * least recently goes. From any thread.
 */
#ifndef CA_OCSP_CACHE_H
#define CA_OCSP_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "store/store.h"

struct ocsp_cache;

struct ocsp_cache_key {
	char issuer[STORE_NAME_SIZE];
	char serial[STORE_SERIAL_SIZE];
	int hash; /* the answer repeats the id asked for: NID_sha1 or NID_sha256 */
	bool is_revoked;
	int64_t revoked_at;
	int reason;
};

struct ocsp_cache_times {
	int64_t this_update, next_update;
	int64_t fresh_until; /* from then on it is not found */
};

int ocsp_cache_new(size_t max_bytes, struct ocsp_cache **cache, struct error *err);
void ocsp_cache_free(struct ocsp_cache *cache);

/* Appends the answer to der. */
bool ocsp_cache_find(struct ocsp_cache *cache, const struct ocsp_cache_key *key,
    int64_t now, struct buffer *der, struct ocsp_cache_times *times);

/* Replaces an older answer of the same key. Keeps nothing when out of memory. */
void ocsp_cache_add(struct ocsp_cache *cache, const struct ocsp_cache_key *key,
    struct bytes der, const struct ocsp_cache_times *times);

#endif
