/* token_state.h - how a token is, in words. */
#ifndef API_TOKEN_STATE_H
#define API_TOKEN_STATE_H

#include "api/handlers.h"

struct json_t;

/* The token that ?token= names, or the first. ERROR_NOT_FOUND: there is none. */
int token_of_query(struct exchange *x, struct keystore **store, struct error *err);

/*
 * {"name","label","serial","state"}, and "why" where the state is not "works". failure is
 * what keystore_check found just now, NULL when the token signed.
 */
struct json_t *token_state(struct keystore *store, const struct error *failure);

#endif
