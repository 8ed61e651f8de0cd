/* refusal.h - the server's problem documents (RFC 7807, RFC 8555 section 6.7), whole. */
#ifndef ACME_REFUSAL_H
#define ACME_REFUSAL_H

#include <stdbool.h>

#include <jansson.h>

#include "base/buffer.h"
#include "base/error.h"

#define REFUSAL_TEXT_MAX (64 * 1024)

struct refusal {
	char
	    type[64]; /* "badNonce" of ACME's; the whole URI of another; "" if not said */
	char detail[160]; /* its beginning, for one line */
};

/*
 * Reads the document, and writes all that it says to text, a line each: type, detail,
 * subproblems with what they are about. A value that is none still gets its line.
 */
void refusal_read(const json_t *document, struct refusal *refusal, struct buffer *text);

/* The same of an answer's body, which may be no JSON. */
void refusal_parse(
    const struct buffer *body, long status, struct refusal *refusal, struct buffer *text);

bool refusal_is(const struct refusal *refusal, const char *type);

/* How a refusal of this type reads to a program. */
enum error_code refusal_code(const struct refusal *refusal, long status);

#endif
