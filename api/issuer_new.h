/* issuer_new.h - what a request says of a new issuer. */
#ifndef API_ISSUER_NEW_H
#define API_ISSUER_NEW_H

#include "api/newkey.h"
#include "ca/warning.h"

#define MAX_VALIDITY_S ((int64_t)100 * 366 * 86400)

struct json_t;

/* Starts as { 0 }; the texts belong to the request's JSON. */
struct new_issuer {
	struct issuer_spec spec;
	struct constraints_spec constraints; /* the spec's, if it has any */
	const char *key_type_name;           /* NULL: not said */
	enum key_type key_type;
	const char *token;             /* where its key is made; NULL: not said */
	const char *certificate, *key; /* of an issuer that is brought along */
	const char *predecessor;       /* of one that takes over */
	char default_subject[NAME_MAX_CHARS + sizeof("/CN=")];
	struct warnings warnings;
};

/* Subject, key type and token, validity and URLs. */
int
issuer_read_common(const struct json_t *body, struct new_issuer *new, struct error *err);

/*
 * Finds or makes the key of the issuer's name and calls make with it in spec; a key that
 * was made is withdrawn when that fails. The caller holds api->changes.
 */
int issuer_with_key(struct exchange *x, struct new_issuer *new,
    int (*make)(struct exchange *x, struct new_issuer *new, struct error *err),
    struct error *err);

/* 201, and the certificate on the token. The caller holds api->changes. */
int
issuer_respond_new(struct exchange *x, const struct new_issuer *new, struct error *err);

#endif
