/* problem.h - the reason in a problem document (RFC 9457), for an OpenSSL error. */
#ifndef PROVIDER_PROBLEM_H
#define PROVIDER_PROBLEM_H

#include "base/error.h"

struct client_response;

/*
 * Turns an answer that is not 2xx into err, and returns -1. The "detail" member is
 * quoted if it can be found; this is no JSON parser, and trusts nothing. The request's
 * id leads to the line in the daemon's log.
 */
int problem_to_error(const struct client_response *res, struct error *err);

#endif
