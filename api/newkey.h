/*
 * newkey.h - making a key, for whoever needs one: POST /v1/keys, POST /v1/issuers and the
 * rotation of a key.
 */
#ifndef API_NEWKEY_H
#define API_NEWKEY_H

#include "api/handlers.h"

/* Generates, records and takes into use. The caller holds api->changes. */
int create_key(struct exchange *x, const struct keyring_place *place, enum key_type type,
    struct keystore_key *key, struct error *err);

/* Undoes create_key, as far as token and store allow. The caller holds api->changes. */
void withdraw_key(struct exchange *x, const struct keystore_key *key);

/*
 * The log says which pair is on the token and in nobody's use, and why it is left there.
 */
void log_left(const char *name, const struct object_id *id, const struct error *err);

/* Whether a name of a token is one, before anything is done: ERROR_BAD_REQUEST. NULL is.
 */
int check_token_name(struct exchange *x, const char *name, struct error *err);

/*
 * A request's spki_sha256 says which key it means: ERROR_CONFLICT when that is another.
 */
int
check_meant(const char *spki_sha256, const struct keystore_key *key, struct error *err);

/* The key as the store keeps it. */
void make_key_row(const struct keystore_key *key, struct key_row *row);

#endif
