/* newkey.h - making a key, for whoever needs one: POST /v1/keys and POST /v1/issuers. */
#ifndef API_NEWKEY_H
#define API_NEWKEY_H

#include "api/handlers.h"

/* Generates, records and takes into use. The caller holds api->changes. */
int create_key(struct exchange *x, const char *name, enum key_type type, enum key_use use,
    struct keystore_key *key, struct error *err);

/* Undoes create_key, as far as token and store allow. The caller holds api->changes. */
void withdraw_key(struct exchange *x, const struct keystore_key *key);

#endif
