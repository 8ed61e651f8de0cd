/* issuer_answer.h - an issuer as JSON, and the entity tag of that. */
#ifndef API_ISSUER_ANSWER_H
#define API_ISSUER_ANSWER_H

#include "api/handlers.h"
#include "ca/warning.h"

/* Without its certificate, as lists have it; NULL when out of memory. */
struct json_t *issuer_json(struct exchange *x, const struct issuer_info *info);

/* The issuer with its certificate, an ETag, and warnings unless they are NULL. */
int issuer_respond(struct exchange *x, int status, const char *name,
    const struct warnings *warnings, struct error *err);

/*
 * Puts the issuer's certificate on the token. A token that refuses is a line in the log:
 * the certificate is in the store.
 */
void issuer_keep_on_token(struct exchange *x, const char *name);

#endif
