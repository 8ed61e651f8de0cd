/* issuing.h - the one way from a request to a certificate. */
#ifndef API_ISSUING_H
#define API_ISSUING_H

#include "api/handlers.h"
#include "ca/authority.h"

struct json_t;

struct issuing {
	struct issue_request request;
	const char *type; /* of the answer: one of api/certform.h */
};

/*
 * Checks the right to issue, signs and answers: 201, or again what the request's
 * Idempotency-Key stands for. 200 and JSON after a dry run, which looks at no such key.
 */
int issuing_run(struct exchange *x, const struct issuing *in, struct error *err);

/* The same rules and the same right, and nothing is signed or recorded: *certificate is
 * what it would be, JSON that the caller frees. */
int issuing_judge(struct exchange *x, const struct issue_request *request,
    struct json_t **certificate, struct error *err);

/* The right that certificates of this profile take. */
unsigned issuing_right(const char *profile);

/* What answers may be; the first unless the client says otherwise. */
int issuing_choose_type(const struct exchange *x, struct issuing *in, struct error *err);

int issuing_read_dry_run(const char *query, bool *dry_run, struct error *err);

#endif
