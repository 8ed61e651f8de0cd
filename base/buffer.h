/*
 * buffer.h - bytes that grow, and bytes that are only looked at.
 *
 * buf_free wipes. A failed append leaves the buffer as it was, marked failed:
 * write a whole message and check buf_failed once, at the end.
 */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Bytes that belong to somebody else. */
struct bytes {
	const unsigned char *data;
	size_t len;
};

struct buffer {
	unsigned char *data; /* followed by a NUL that len does not count */
	size_t len;
	size_t capacity;
	size_t max_bytes; /* 0: bounded by memory only */
	bool failed;
};

void buf_init(struct buffer *buf, size_t max_bytes);
void buf_append(struct buffer *buf, const void *data, size_t len);
void buf_text(struct buffer *buf, const char *text);
void buf_printf(struct buffer *buf, const char *fmt, ...) PRINTF(2, 3);
bool buf_failed(const struct buffer *buf);

/* The text, never NULL; valid until the next append. */
const char *buf_string(const struct buffer *buf);
struct bytes buf_bytes(const struct buffer *buf);

/* Empties without giving the memory back; wipes what was there. */
void buf_reset(struct buffer *buf);

/* Wipes, frees, and leaves an empty buffer. */
void buf_free(struct buffer *buf);

#endif
