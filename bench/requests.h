/* requests.h - the bytes of the requests that a load generator sends in turn. */
#ifndef BENCH_REQUESTS_H
#define BENCH_REQUESTS_H

#include "base/buffer.h"

struct requests_options {
	const char *method;
	const char *target;                    /* NULL: those of targets_file */
	const char *targets_file;              /* one a line */
	const char *type, *header, *body_file; /* NULL: none */
};

struct requests {
	struct buffer all;
	size_t *ends; /* of each, in all */
	size_t count;
};

/* One for each target; the caller clears it whatever comes of it. */
int requests_init(
    struct requests *requests, const struct requests_options *options, struct error *err);
void requests_clear(struct requests *requests);

/* The request of this number, counted round and round. */
struct bytes requests_at(const struct requests *requests, size_t number);

#endif
