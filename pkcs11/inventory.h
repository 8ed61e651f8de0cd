/*
 * inventory.h - where each key pair of a token is, read at once.
 *
 * A token may look at every object it has for each search, as SoftHSM does: to search for
 * each of n keys takes n * n. The inventory is two searches, for any number. It is right
 * as long as nobody writes to the token.
 */
#ifndef PKCS11_INVENTORY_H
#define PKCS11_INVENTORY_H

#include "pkcs11/object.h"
#include "pkcs11/token.h"

struct inventory;

int inventory_read(struct token *token, struct inventory **inventory, struct error *err);
void inventory_free(struct inventory *inventory);

/* All that have a CKA_ID that keyhold can read, sorted by class and id. */
void inventory_each(const struct inventory *inventory,
    void (*visit)(void *ctx, CK_OBJECT_CLASS class, const struct object_id *id,
	CK_OBJECT_HANDLE object),
    void *ctx);

/* As object_find_one, without the token. */
int inventory_find_one(const struct inventory *inventory, CK_OBJECT_CLASS class,
    const struct object_id *id, CK_OBJECT_HANDLE *found, struct error *err);

#endif
