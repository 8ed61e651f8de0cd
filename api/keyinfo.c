/* keyinfo.c - the keys in use, shown. */
#include "api/keyinfo.h"

#include "api/json.h"
#include "api/mediatype.h"
#include "base/clock.h"
#include "store/blocked_keys.h"
#include "base/pem.h"
#include "evp/reference.h"

static struct json_t *
list_schemes(const struct keystore_key *key)
{
	struct json_t *list = json_make("[]");

	for (int i = 0; list != NULL && i < SCHEMES; i++) {
		if (!scheme_fits((enum scheme)i, key->key.type))
			continue;
		if (json_append(list, json_make("s", scheme_info((enum scheme)i)->name),
			NULL) != 0) {
			json_free(list);
			return NULL;
		}
	}
	return list;
}

/* RFC 7468 section 13; appended. */
static void
public_pem(const struct key *key, struct buffer *pem)
{
	pem_append(pem, "PUBLIC KEY", (struct bytes){ key->spki, key->spki_len });
}

/* public_key is NULL in lists. */
static struct json_t *
describe(const struct keystore_key *key, const char *public_key)
{
	char hash[2 * KEY_SHA256_SIZE + 1];
	char created[CLOCK_TEXT_SIZE], replaced[CLOCK_TEXT_SIZE];

	hex_encode(hash, key->key.spki_sha256, KEY_SHA256_SIZE);
	clock_format(created, key->created);
	clock_format(replaced, key->replaced);
	return json_make("{s:s,s:s,s:s,s:s,s:s,s:s,s:s?,s:o,s:s*}", "name", key->key.name,
	    "token", key->token, "type", key_type_info(key->key.type)->name, "use",
	    key_use_name(key->use), "spki_sha256", hash, "created", created, "replaced",
	    key->replaced != 0 ? replaced : NULL, "schemes", list_schemes(key),
	    "public_key", public_key);
}

/* blocked is why no certificate is for it, or NULL. */
static int
respond(struct response *res, int status, const struct keystore_key *key,
    const char *blocked, struct error *err)
{
	struct json_t *json;
	struct buffer pem;

	buf_init(&pem, 0);
	public_pem(&key->key, &pem);
	json = describe(key, buf_string(&pem));
	buf_free(&pem);
	if (blocked != NULL && json_set(json, "blocked", json_make("s", blocked)) != 0) {
		json_free(json);
		json = NULL;
	}
	return json_respond(res, status, json, err);
}

int
respond_key(
    struct response *res, int status, const struct keystore_key *key, struct error *err)
{
	return respond(res, status, key, NULL, err);
}

struct listing {
	struct exchange *x;
	struct json_t *list;
	struct error *err;
};

bool
keyinfo_is_visible(const struct exchange *x, const char *name)
{
	const struct access_question question = {
		.needed = ACCESS_READ | ACCESS_MANAGE_KEY,
		.key = name,
	};

	return access_decide(&x->rules->rules, x->req->caller, &question).allowed;
}

static int
list_key(void *ctx, const struct key_row *row)
{
	struct listing *listing = ctx;
	struct keystore_key key;

	if (!keyinfo_is_visible(listing->x, row->name))
		return 0;
	/* A key destroyed since the store was asked is simply not listed. */
	if (keyring_find_spki(listing->x->api->keys, row->spki_sha256, &key, NULL) != 0)
		return 0;
	/* The store knows a rotation a moment earlier. */
	key.replaced = row->replaced;
	return json_append(listing->list, describe(&key, NULL), listing->err);
}

int
get_keys(struct exchange *x, struct error *err)
{
	const struct access_question any = { .needed = ACCESS_READ | ACCESS_MANAGE_KEY };
	struct listing listing = { .x = x, .list = json_make("[]"), .err = err };

	if (require_access(x, &any, err) != 0 ||
	    store_key_each(x->api->store, list_key, &listing, err) != 0) {
		json_free(listing.list);
		return -1;
	}
	return json_respond(x->res, 200, json_make("{s:o}", "keys", listing.list), err);
}

int
get_key(struct exchange *x, struct error *err)
{
	struct keystore_key key;
	struct blocked_key_row blocked;
	bool is_blocked;

	if (keyring_find(x->api->keys, x->req->params[0], &key, err) != 0 ||
	    store_blocked_key_find(
		x->api->store, key.key.spki_sha256, &blocked, &is_blocked, err) != 0)
		return -1;
	return respond(x->res, 200, &key, is_blocked ? blocked.reason : NULL, err);
}

int
get_public(struct exchange *x, struct error *err)
{
	public_pem(&x->key.key, &x->res->body);
	return response_finish(x->res, PEM_TYPE, err);
}

int
get_reference(struct exchange *x, struct error *err)
{
	if (x->key.use == KEY_USE_CA || x->key.use == KEY_USE_AUDIT)
		return error_set(err, ERROR_FORBIDDEN,
		    "key %s has use %s: there is nothing a program could do with a "
		    "reference",
		    x->key.key.name, key_use_name(x->key.use));
	if (reference_to_pem(&x->key.key, &x->res->body, err) != 0)
		return -1;
	return response_finish(x->res, PEM_TYPE, err);
}
