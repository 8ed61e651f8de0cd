/*
 * metrics.h - what is counted of requests and connections, for GET /metrics.
 *
 * From any thread, without a lock: a signature is counted here too.
 */
#ifndef API_METRICS_H
#define API_METRICS_H

#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

struct metrics;
struct route;

/* The caller frees. */
int metrics_new(struct metrics **metrics, struct error *err);
void metrics_free(struct metrics *metrics);

/* An answer, and how long its handler took. route is NULL when there was none. */
void metrics_request(
    struct metrics *metrics, const struct route *route, int status, int64_t ns);

/* What a request waits for before its handler. */
enum metrics_stage {
	STAGE_CONNECTION, /* from something to read until the connection's thread runs */
	STAGE_REQUEST,    /* from its first line until its body is there */
};

void metrics_wait(struct metrics *metrics, enum metrics_stage stage, int64_t ns);

/* Who reads a connection's requests. */
enum metrics_reader {
	READER_SIGNATURES, /* it has brought nothing but requests for them */
	READER_HTTP,
};

/* One more, or (-1) one less. */
void metrics_connection(struct metrics *metrics, enum metrics_reader reader, int change);

/* Appends all of it. */
void metrics_write(const struct metrics *metrics, struct buffer *out);

/*
 * Appends what write makes; from memory if that was made a moment ago, where a moment is
 * a hundred times what it took. One caller makes it, the others wait.
 */
int metrics_write_costly(struct metrics *metrics,
    int (*write)(void *ctx, struct buffer *out, struct error *err), void *ctx,
    struct buffer *out, struct error *err);

#endif
