/* keyinfo.h - a key in use as an answer. */
#ifndef API_KEYINFO_H
#define API_KEYINFO_H

#include "api/handlers.h"

/* The key with its public half, as JSON. */
int respond_key(
    struct response *res, int status, const struct keystore_key *key, struct error *err);

/* Whether a list has what is of this name: who manages some keys sees those. */
bool keyinfo_is_visible(const struct exchange *x, const char *name);

#endif
