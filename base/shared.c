/* shared.c - a buffer and how many hold it. */
#include "base/shared.h"

#include <stdatomic.h>
#include <stdlib.h>

struct shared {
	atomic_size_t holders;
	struct buffer buf;
	size_t skip;
};

struct shared *
shared_new(struct buffer *buf, size_t skip)
{
	struct shared *shared;

	if (buf_failed(buf) || (shared = malloc(sizeof(*shared))) == NULL)
		return NULL;
	atomic_init(&shared->holders, 1);
	shared->buf = *buf;
	shared->skip = skip;
	buf_init(buf, buf->max_bytes);
	return shared;
}

struct shared *
shared_hold(struct shared *shared)
{
	atomic_fetch_add(&shared->holders, 1);
	return shared;
}

void
shared_free(struct shared *shared)
{
	if (shared == NULL || atomic_fetch_sub(&shared->holders, 1) != 1)
		return;
	buf_free(&shared->buf);
	free(shared);
}

struct bytes
shared_bytes(const struct shared *shared)
{
	return (struct bytes){ shared->buf.data + shared->skip,
		shared->buf.len - shared->skip };
}
