/* request.h - the head of an HTTP request. */
#ifndef CLIENT_REQUEST_H
#define CLIENT_REQUEST_H

#include <stddef.h>

#include "base/error.h"

#define REQUEST_HEAD_MAX 4096

struct client_request;

/* Refuses what HTTP does not allow, or what would not fit. */
int request_check(const struct client_request *req, struct error *err);

/* The length; of a request that request_check found in order. */
size_t
request_write_head(const struct client_request *req, char head[static REQUEST_HEAD_MAX]);

#endif
