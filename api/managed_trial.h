/* managed_trial.h - a definition, tried without signing or recording anything. */
#ifndef API_MANAGED_TRIAL_H
#define API_MANAGED_TRIAL_H

#include "api/handlers.h"
#include "api/managed_definition.h"

struct json_t;

/*
 * Has the authority judge the certificate that it would be, with a throw-away key of the
 * same type: *certificate is what it would be, NULL of an ACME server's. Checks keys that
 * it names, too. What it breaks goes to x->violations.
 */
int managed_try(struct exchange *x, const struct managed_definition *definition,
    struct json_t **certificate, struct error *err);

/* 200: what would be stored, the certificate, which is taken over, and when it would be
 * renewed. */
int managed_answer_trial(struct exchange *x, const struct managed_definition *definition,
    struct json_t *certificate, struct error *err);

#endif
