/*
 * problem.h - the daemon's problem documents (RFC 9457) as errors of this program.
 *
 * Their text is the daemon's: whoever prints it sees to control characters.
 */
#ifndef REST_PROBLEM_H
#define REST_PROBLEM_H

#include <jansson.h>

#include "base/error.h"
#include "client/client.h"

/* The document of an answer that is not a 2xx, or NULL; the caller frees with
 * json_decref. */
json_t *problem_read(const struct client_response *res);

/* A member's text, "" when there is none. */
const char *problem_text(const json_t *object, const char *member);

/* The first line; path is what was asked for. problem may be NULL. */
void
problem_summarise(const json_t *problem, int status, const char *path, struct error *err);

#endif
