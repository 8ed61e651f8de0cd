/* generate.h - making, finding and destroying a key pair on the token. */
#ifndef PKCS11_GENERATE_H
#define PKCS11_GENERATE_H

#include <stdbool.h>

#include "evp/key.h"
#include "pkcs11/inventory.h"
#include "pkcs11/object.h"
#include "pkcs11/token.h"

struct token_pair {
	CK_OBJECT_HANDLE public, private;
};

struct token_key {
	struct object_id id;
	CK_OBJECT_HANDLE private;
};

/*
 * Generates a pair that never leaves the token: CKA_SENSITIVE, not CKA_EXTRACTABLE,
 * signing only unless it decrypts as well, as far as the token can be told. Reads
 * CKA_NEVER_EXTRACTABLE and CKA_ALWAYS_SENSITIVE back and destroys the pair if the token
 * did otherwise. One caller at a time: SoftHSM 2.6.1 fails under parallel writers. key
 * gets its public half, made where it is; after a failure made->id.len is 0, unless a
 * half was left.
 */
int token_generate(struct token *token, const char *name, enum key_type type,
    bool decrypts, struct key *key, struct token_key *made, struct error *err);

/*
 * Finds the pair whose private key has this CKA_LABEL. Refuses a private key that the
 * token would give away, wants the PIN for each time (both ERROR_FORBIDDEN), cannot sign
 * with, or cannot decrypt with if it must. An RSA key becomes one of rsa_family: the
 * token does not know.
 */
int token_find_labelled(struct token *token, const char *label, bool decrypts,
    enum key_family rsa_family, struct key *key, struct object_id *id, struct error *err);

/* The private key's handle, after a check that its pair's public half is key's. */
int token_find_private(struct token *token, const struct key *key,
    const struct object_id *id, CK_OBJECT_HANDLE *handle, struct error *err);

/* The same, where the inventory says that it is. */
int token_find_listed(struct token *token, const struct inventory *inventory,
    const struct key *key, const struct object_id *id, CK_OBJECT_HANDLE *handle,
    struct error *err);

/* Destroys both halves; an absent half is not an error. One caller at a time. */
int token_destroy(struct token *token, const struct object_id *id, struct error *err);

/*
 * Its steps, which take long on a token with many objects. An absent half is located as
 * CK_INVALID_HANDLE, and to destroy that does nothing.
 */
int token_locate(struct token *token, const struct object_id *id, struct token_pair *pair,
    struct error *err);
int token_destroy_object(struct token *token, CK_OBJECT_HANDLE object, struct error *err);

#endif
