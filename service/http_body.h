/* http_body.h - what a request's header says of its body, before that is there. */
#ifndef SERVICE_HTTP_BODY_H
#define SERVICE_HTTP_BODY_H

#include <stdbool.h>
#include <stddef.h>

struct MHD_Connection;

bool http_body_is_declared(struct MHD_Connection *connection);

/* The length is told, and is more than this or no number. */
bool http_body_exceeds(struct MHD_Connection *connection, size_t max_bytes);

/*
 * Worth reading even for nothing: a client that is answered while it still sends this
 * would miss the answer.
 */
bool http_body_is_short(struct MHD_Connection *connection);

#endif
