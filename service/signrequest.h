/*
 * signrequest.h - a request for a signature, in the one form that is worth a way of its
 * own.
 *
 * That form is a subset of HTTP/1.1 (RFC 9112) without anything to interpret:
 *
 *	POST /v1/keys/{key}/sign?scheme={scheme} HTTP/1.1
 *	Host, Content-Length and Content-Type: application/octet-stream, once each;
 *	Accept, User-Agent and Connection: keep-alive, at most once each; no other field
 *
 * and a body that is there already. Whatever else is no error: it goes to the server
 * that reads all of HTTP.
 */
#ifndef SERVICE_SIGNREQUEST_H
#define SERVICE_SIGNREQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

struct signrequest {
	struct bytes target, accept; /* accept.data is NULL when it is absent */
	struct bytes body;
	size_t len; /* of all of it, body included */
};

/* Looks at the first len bytes of a connection. Pure; req points into data. */
bool signrequest_read(const void *data, size_t len, struct signrequest *req);

#endif
