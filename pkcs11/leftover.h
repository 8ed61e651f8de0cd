/*
 * leftover.h - key pairs on the token that are in nobody's use.
 *
 * A crash between making a key and recording it leaves one. They may also be another
 * program's: keyhold does not know who made what it has not recorded.
 */
#ifndef PKCS11_LEFTOVER_H
#define PKCS11_LEFTOVER_H

#include "pkcs11/keystore.h"

struct leftover {
	struct object_id id;
	char label[64]; /* CKA_LABEL, as far as it fits */
	bool has_private, has_public;
};

/* Appends each to found. What has no CKA_ID is not among them. */
int keystore_leftovers(struct keystore *store, struct buffer *found, struct error *err);

/* ERROR_CONFLICT for a key in use, ERROR_NOT_FOUND when the token has none of this id. */
int keystore_destroy_leftover(
    struct keystore *store, const struct object_id *id, struct error *err);

#endif
