/* conditional.h - requests that hold for one state of a resource (RFC 9110 section 13).
 */
#ifndef API_CONDITIONAL_H
#define API_CONDITIONAL_H

#include <stdbool.h>

#include "api/request.h"
#include "base/error.h"

/*
 * Puts etag (quoted) and last_modified into the answer; true when the client has this
 * state already, and the answer is then a finished 304. last_modified of 0 is none.
 */
bool conditional_not_modified(const struct request *req, struct response *res,
    const char *etag, int64_t last_modified);

/*
 * Whether a change may happen to a resource whose state is etag, or that is not there,
 * NULL: ERROR_PRECONDITION when If-Match or If-None-Match says otherwise.
 */
int conditional_check(const struct request *req, const char *etag, struct error *err);

#define ETAG_HASH_SIZE 65

/* SHA-256 in hex, for the tag of what has no number of its own. */
int conditional_hash(
    struct bytes octets, char hash[static ETAG_HASH_SIZE], struct error *err);

#endif
