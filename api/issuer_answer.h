/* issuer_answer.h - an issuer as JSON, and the entity tag of that. */
#ifndef API_ISSUER_ANSWER_H
#define API_ISSUER_ANSWER_H

#include "api/handlers.h"

/* Without its certificate, as lists have it; NULL when out of memory. */
struct json_t *issuer_json(struct exchange *x, const struct issuer_info *info);

/* The issuer with its certificate, and an ETag. */
int issuer_respond(struct exchange *x, int status, const char *name, struct error *err);

#endif
