/* problem.h - errors as problem documents (RFC 9457). */
#ifndef API_PROBLEM_H
#define API_PROBLEM_H

#include "api/request.h"
#include "base/error.h"

struct violations;

/* The HTTP status of an error: the one table of them. */
int problem_status(enum error_code code);

/*
 * Replaces the answer by a problem document. What went wrong in this house (5xx) is for
 * the log; the client gets the kind and no text. violations may be NULL.
 */
void problem_respond(
    struct response *res, const struct error *err, const struct violations *violations);

/* The same, whatever went wrong, with the kind alone. */
void problem_respond_kind(struct response *res, enum error_code code);

/* 405 with Allow. */
void problem_method(struct response *res, const char *allow);

#endif
