/* problem.h - the reason in a problem document (RFC 9457), for an OpenSSL error. */
#ifndef PROVIDER_PROBLEM_H
#define PROVIDER_PROBLEM_H

#include "base/buffer.h"
#include "base/error.h"

/*
 * Turns an answer that is not 2xx into err, and returns -1. The "detail" member is
 * quoted if it can be found; this is no JSON parser, and trusts nothing.
 */
int problem_to_error(int status, const struct buffer *body, struct error *err);

#endif
