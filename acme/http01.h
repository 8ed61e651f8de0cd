/* http01.h - what the listener of http-01 answers (RFC 8555 section 8.3). */
#ifndef ACME_HTTP01_H
#define ACME_HTTP01_H

#include "acme/challenge.h"

#define HTTP01_PATH "/.well-known/acme-challenge/"

/* Appends the answer to a request's head: the authorization of this token, else 404 or
 * 400. token NULL: there is nothing to show. */
void http01_answer(
    const char *head, const char *token, const char *authorization, struct buffer *out);

#endif
