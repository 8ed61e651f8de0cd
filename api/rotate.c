/*
 * rotate.c - a new key under the name of an old one, which stays in use by its hash.
 *
 * Everything that can fail comes before the commit, and what comes after it cannot: a
 * failure leaves the old key current. The new one is then destroyed; where the token
 * fails in that too, or the process dies, it is left there in nobody's use.
 */
#include "api/handlers.h"

#include <stdio.h>
#include <string.h>

#include "api/changes.h"
#include "api/json.h"
#include "api/keyinfo.h"
#include "api/newkey.h"
#include "base/text.h"

static int
find_current(struct exchange *x, struct keystore_key *old, struct error *err)
{
	const char *name = x->req->params[0];

	if (!name_is_valid(name))
		return error_set(err, ERROR_BAD_REQUEST,
		    "\"%.80s\" is not a name: a key is rotated by its name", name);
	if (keyring_find(x->api->keys, name, old, err) != 0)
		return -1;
	if (old->use == KEY_USE_CA)
		return error_set(err, ERROR_FORBIDDEN,
		    "key %s has use ca: an issuer's key is changed by making a new "
		    "issuer",
		    name);
	return 0;
}

static int
record(struct exchange *x, const struct keystore_key *old, struct keystore_key next,
    struct error *err)
{
	char was[2 * KEY_SHA256_SIZE + 1], is[2 * KEY_SHA256_SIZE + 1], detail[320];
	struct audit_event event = {
		.actor = x->req->caller->actor,
		.request = x->req->id,
		.action = "key.rotated",
		.object = old->key.name,
		.detail = detail,
	};
	struct key_row row;

	next.replaced = 0;
	make_key_row(&next, &row);
	hex_encode(was, old->key.spki_sha256, KEY_SHA256_SIZE);
	hex_encode(is, next.key.spki_sha256, KEY_SHA256_SIZE);
	snprintf(detail, sizeof(detail), "type=%s use=%s token=%s old=%s new=%s",
	    row.type, row.use, row.token, was, is);
	return store_key_replace(x->api->store, old->key.spki_sha256, &row, &event, err);
}

/* In use by a hash that nobody knows yet. */
static int
take_into_use(struct exchange *x, const struct keystore_key *next, struct error *err)
{
	bool on_token;

	if (keyring_add(x->api->keys, next, &on_token, err) != 0)
		return -1;
	return on_token ? 0 : -1;
}

static void
discard(struct exchange *x, const struct keystore_key *next)
{
	struct error err;

	if (keyring_destroy(x->api->keys, next, &err) != 0)
		log_left(next->key.name, &next->id, &err);
	keyring_forget(x->api->keys, next);
}

static int
replace_key(struct exchange *x, const struct keystore_key *old, enum key_type type,
    struct keystore_key *next, struct error *err)
{
	if (keyring_generate_next(x->api->keys, old->key.name, type, next, err) != 0) {
		if (next->id.len != 0)
			log_left(old->key.name, &next->id, err);
		return -1;
	}
	next->replaced = next->created;
	if (take_into_use(x, next, err) != 0 || record(x, old, *next, err) != 0) {
		discard(x, next);
		return -1;
	}
	keyring_promote(x->api->keys, old, next);
	next->replaced = 0;
	return 0;
}

/* What the body says; either may be NULL. */
struct rotation {
	const char *type, *spki_sha256;
};

static int
rotate_key(struct exchange *x, const struct rotation *rotation, struct keystore_key *next,
    struct error *err)
{
	struct keystore_key old;
	enum key_type type;

	if (find_current(x, &old, err) != 0)
		return -1;
	type = old.key.type;
	if (rotation->type != NULL && key_type_read(rotation->type, &type, err) != 0)
		return -1;
	if (old.use == KEY_USE_AUDIT && type != old.key.type)
		return error_set(err, ERROR_BAD_REQUEST,
		    "key %s signs the audit record: it stays of type %s", old.key.name,
		    key_type_info(old.key.type)->name);
	/* So that a request which is repeated, or comes late, makes no further key. */
	if (rotation->spki_sha256 != NULL &&
	    check_meant(rotation->spki_sha256, &old, err) != 0)
		return -1;
	return replace_key(x, &old, type, next, err);
}

int
post_rotate(struct exchange *x, struct error *err)
{
	static const char *const members[] = { "type", "spki_sha256", NULL };
	char hash[2 * KEY_SHA256_SIZE + 1];
	struct rotation rotation;
	struct keystore_key next;
	struct json_t *body;
	int rc = -1;

	if (json_read(&x->req->body, members, &body, err) != 0)
		return -1;
	if (json_text(body, "type", false, &rotation.type, err) == 0 &&
	    json_text(body, "spki_sha256", false, &rotation.spki_sha256, err) == 0 &&
	    changes_begin(x->api, err) == 0) {
		rc = rotate_key(x, &rotation, &next, err);
		changes_end(x->api);
	}
	json_free(body);
	if (rc != 0)
		return -1;
	/* The name is not this key's for ever. */
	hex_encode(hash, next.key.spki_sha256, KEY_SHA256_SIZE);
	snprintf(x->res->location, sizeof(x->res->location), "/v1/keys/spki:%s", hash);
	return respond_key(x->res, 201, &next, err);
}
