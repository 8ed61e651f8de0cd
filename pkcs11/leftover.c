/* leftover.c - what the token has and the table of keys has not. */
#include "pkcs11/leftover.h"

#include <string.h>

#include "pkcs11/inventory.h"
#include "pkcs11/keystore_state.h"

struct search {
	struct keystore *store;
	struct buffer *found;
	const struct inventory *inventory;
	CK_SESSION_HANDLE session;
};

static bool
has(const struct search *s, CK_OBJECT_CLASS class, const struct object_id *id)
{
	CK_OBJECT_HANDLE handle;
	struct error why = { .code = ERROR_NONE };

	return inventory_find_one(s->inventory, class, id, &handle, &why) == 0 ||
	       why.code == ERROR_CONFLICT; /* it has two */
}

/* A label is for people: one that cannot be read is none. */
static void
read_label(const struct search *s, CK_OBJECT_HANDLE object, struct leftover *leftover)
{
	struct buffer label;

	buf_init(&label, 0);
	if (object_read(s->store->token->functions, s->session, object, CKA_LABEL, &label,
		NULL) == 0) {
		size_t len = label.len < sizeof(leftover->label) - 1
				 ? label.len
				 : sizeof(leftover->label) - 1;

		if (len > 0)
			memcpy(leftover->label, label.data, len);
	}
	buf_free(&label);
}

static void
visit(
    void *ctx, CK_OBJECT_CLASS class, const struct object_id *id, CK_OBJECT_HANDLE object)
{
	const struct search *s = ctx;
	struct leftover leftover = { .id = *id };

	leftover.has_private = class == CKO_PRIVATE_KEY || has(s, CKO_PRIVATE_KEY, id);
	leftover.has_public = class == CKO_PUBLIC_KEY || has(s, CKO_PUBLIC_KEY, id);
	/* A pair is told of with its private half. */
	if (id->len == 0 || (class == CKO_PUBLIC_KEY && leftover.has_private) ||
	    keystore_uses_id(s->store, id))
		return;
	read_label(s, object, &leftover);
	buf_append(s->found, &leftover, sizeof(leftover));
}

static int
search(struct keystore *store, void *ctx, struct error *err)
{
	struct search s = { .store = store, .found = ctx };
	struct inventory *inventory = NULL;
	int rc = -1;

	buf_reset(s.found);
	if (inventory_read(store->token, &inventory, err) != 0)
		goto out;
	if (keystore_seek_listed(store, inventory, err) != 0)
		goto out;
	if (session_take_live(store->token->sessions, &s.session, err) != 0)
		goto out;
	s.inventory = inventory;
	inventory_each(inventory, visit, &s);
	session_finish(store->token->sessions, s.session, 0, NULL);
	rc = buf_failed(s.found) ? error_set(err, ERROR_INTERNAL, "out of memory") : 0;
out:
	inventory_free(inventory);
	return rc;
}

int
keystore_leftovers(struct keystore *store, struct buffer *found, struct error *err)
{
	/* An inventory holds while nobody else writes. */
	const struct keystore_work work = {
		.run = search,
		.ctx = found,
		.writes = true,
	};

	return keystore_work(store, &work, err);
}

static int
destroy(struct keystore *store, void *ctx, struct error *err)
{
	const struct object_id *id = ctx;
	struct token_pair pair;

	/* The replica of a key that is at home on another token is in use. */
	if (keystore_seek_locked(store, err) != 0)
		return -1;
	if (keystore_uses_id(store, id))
		return error_set(err, ERROR_CONFLICT, "a key that is in use");
	if (token_locate(store->token, id, &pair, err) != 0)
		return -1;
	if (pair.private == CK_INVALID_HANDLE && pair.public == CK_INVALID_HANDLE)
		return error_set(err, ERROR_NOT_FOUND, "no such key on the token");
	if (token_destroy_object(store->token, pair.private, err) != 0)
		return -1;
	return token_destroy_object(store->token, pair.public, err);
}

int
keystore_destroy_leftover(
    struct keystore *store, const struct object_id *id, struct error *err)
{
	struct object_id copy = *id;
	const struct keystore_work work = {
		.run = destroy,
		.ctx = &copy,
		.writes = true,
	};

	return keystore_work(store, &work, err);
}
