/*
 * response.h - one HTTP/1.1 response, read from whatever pieces it arrives in.
 *
 * Pure: no I/O, no clock. A struct response borrows the client_response that it fills. It
 * lives in its connection, hence as long as that is kept, and never holds a byte of a
 * body once response_feed returned.
 */
#ifndef CLIENT_RESPONSE_H
#define CLIENT_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define RESPONSE_HEAD_MAX 8192

struct client_response;

enum response_state {
	RESPONSE_HEAD,
	RESPONSE_BODY,
	RESPONSE_DONE,
	RESPONSE_REFUSED,
};

struct response {
	struct client_response *res;
	enum response_state state;
	size_t body_left;
	bool has_length;
	bool must_close;
	size_t head_len;
	char head[RESPONSE_HEAD_MAX + 1];
};

/* Empties res; its body keeps the limit that client_response_init gave it. */
void response_init(struct response *r, struct client_response *res);

/*
 * Takes from data what belongs to this response and says in *used how much that was:
 * less than len only when the response is complete, or refused (-1). Refusals are
 * ERROR_BAD_REQUEST, or ERROR_TOO_LARGE for a body over the limit; they are final.
 */
int response_feed(
    struct response *r, const void *data, size_t len, size_t *used, struct error *err);

bool response_is_complete(const struct response *r);

/* Whether the connection may carry another request after this complete response. */
bool response_is_reusable(const struct response *r);

#endif
