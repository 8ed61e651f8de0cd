/*
 * shared.h - bytes that several own and nobody changes: a CRL that a dozen clients are
 * being sent while its successor takes its place.
 */
#ifndef BASE_SHARED_H
#define BASE_SHARED_H

#include "base/buffer.h"

struct shared;

/*
 * Takes what is in buf, which is empty afterwards, but for its first skip bytes. One
 * reference, the caller's; NULL, and buf as it was, when out of memory.
 */
struct shared *shared_new(struct buffer *buf, size_t skip);

/* One reference more; returns shared. Any thread, as is shared_free. */
struct shared *shared_hold(struct shared *shared);

/* One less: the last frees the bytes. NULL is fine. */
void shared_free(struct shared *shared);

struct bytes shared_bytes(const struct shared *shared);

#endif
