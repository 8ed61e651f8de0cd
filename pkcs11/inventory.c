/* inventory.c - all keys of the token, sorted by class and CKA_ID. */
#include "pkcs11/inventory.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "pkcs11/ckr.h"
#include "pkcs11/session.h"

struct item {
	CK_OBJECT_CLASS class;
	struct object_id id;
	CK_OBJECT_HANDLE handle;
};

struct inventory {
	struct item *items;
	size_t count;
};

static int
compare(const void *a, const void *b)
{
	const struct item *left = a, *right = b;

	if (left->class != right->class)
		return left->class < right->class ? -1 : 1;
	if (left->id.len != right->id.len)
		return left->id.len < right->id.len ? -1 : 1;
	return memcmp(left->id.data, right->id.data, left->id.len);
}

/* What one object refuses to tell, and not what the token fails at. */
static bool
is_of_object(CK_RV rv)
{
	switch (ckr_class(rv)) {
	case CKR_CLASS_CALLER:
	case CKR_CLASS_TOKEN:
		return true;
	default:
		return rv == CKR_OBJECT_HANDLE_INVALID; /* destroyed meanwhile */
	}
}

/* What has no CKA_ID, or one longer than any of ours, is found by nobody. */
static int
add(struct inventory *inventory, const struct token *token, CK_SESSION_HANDLE session,
    CK_OBJECT_CLASS class, CK_OBJECT_HANDLE handle, struct error *err)
{
	struct item *item = &inventory->items[inventory->count];
	CK_ATTRIBUTE id = { CKA_ID, item->id.data, sizeof(item->id.data) };
	CK_RV rv = token->functions->C_GetAttributeValue(session, handle, &id, 1);

	if (rv != CKR_OK && !is_of_object(rv))
		return ckr_error(err, rv, "C_GetAttributeValue");
	if (rv != CKR_OK || id.ulValueLen > sizeof(item->id.data))
		return 0;
	item->class = class;
	item->id.len = id.ulValueLen;
	item->handle = handle;
	inventory->count++;
	return 0;
}

static int
add_class(struct inventory *inventory, const struct token *token,
    CK_SESSION_HANDLE session, CK_OBJECT_CLASS class, struct error *err)
{
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE match[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_TOKEN, &yes, sizeof(yes) },
	};
	const CK_OBJECT_HANDLE *handles;
	struct buffer found;
	struct item *items;
	size_t count;
	int rc = -1;

	buf_init(&found, 0);
	if (object_find_all(token->functions, session, match, 2, &found, err) != 0)
		goto out;
	handles = (const CK_OBJECT_HANDLE *)found.data;
	count = found.len / sizeof(*handles);
	items =
	    reallocarray(inventory->items, inventory->count + count + 1, sizeof(*items));
	if (items == NULL) {
		error_set(err, ERROR_INTERNAL, "out of memory");
		goto out;
	}
	inventory->items = items;
	rc = 0;
	for (size_t i = 0; i < count && rc == 0; i++)
		rc = add(inventory, token, session, class, handles[i], err);
out:
	buf_free(&found);
	return rc;
}

int
inventory_read(struct token *token, struct inventory **inventory, struct error *err)
{
	struct inventory *made = calloc(1, sizeof(*made));
	CK_SESSION_HANDLE session;
	int rc = -1;

	if (made == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	if (session_take_live(token->sessions, &session, err) != 0)
		goto out;
	if (add_class(made, token, session, CKO_PRIVATE_KEY, err) == 0 &&
	    add_class(made, token, session, CKO_PUBLIC_KEY, err) == 0)
		rc = 0;
	session_finish(token->sessions, session, rc, err);
	if (rc != 0)
		goto out;
	qsort(made->items, made->count, sizeof(*made->items), compare);
	*inventory = made;
	made = NULL;
out:
	inventory_free(made);
	return rc;
}

void
inventory_free(struct inventory *inventory)
{
	if (inventory == NULL)
		return;
	free(inventory->items);
	free(inventory);
}

void
inventory_each(const struct inventory *inventory,
    void (*visit)(void *ctx, CK_OBJECT_CLASS class, const struct object_id *id,
	CK_OBJECT_HANDLE object),
    void *ctx)
{
	for (size_t i = 0; i < inventory->count; i++)
		visit(ctx, inventory->items[i].class, &inventory->items[i].id,
		    inventory->items[i].handle);
}

int
inventory_find_one(const struct inventory *inventory, CK_OBJECT_CLASS class,
    const struct object_id *id, CK_OBJECT_HANDLE *found, struct error *err)
{
	const struct item wanted = { .class = class, .id = *id };
	const struct item *item =
	    bsearch(&wanted, inventory->items, inventory->count, sizeof(wanted), compare);
	const struct item *end = inventory->items + inventory->count;
	bool is_twofold;

	if (item == NULL)
		return object_only(NULL, 0, found, err);
	is_twofold = (item > inventory->items && compare(item - 1, item) == 0) ||
		     (item + 1 < end && compare(item + 1, item) == 0);
	return object_only(&item->handle, is_twofold ? 2 : 1, found, err);
}
