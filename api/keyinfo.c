/* keyinfo.c - the keys in use, shown. */
#include "api/keyinfo.h"

#include "api/json.h"
#include "api/mediatype.h"
#include "base/clock.h"
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
	return json_make("{s:s,s:s,s:s,s:s,s:s,s:s?,s:o,s:s*}", "name", key->key.name,
	    "type", key_type_info(key->key.type)->name, "use", key_use_name(key->use),
	    "spki_sha256", hash, "created", created, "replaced",
	    key->replaced != 0 ? replaced : NULL, "schemes", list_schemes(key),
	    "public_key", public_key);
}

int
respond_key(
    struct response *res, int status, const struct keystore_key *key, struct error *err)
{
	struct buffer pem;
	int rc;

	buf_init(&pem, 0);
	public_pem(&key->key, &pem);
	rc = json_respond(res, status, describe(key, buf_string(&pem)), err);
	buf_free(&pem);
	return rc;
}

struct listing {
	struct exchange *x;
	struct json_t *list;
	struct error *err;
};

static int
list_key(void *ctx, const struct key_row *row)
{
	struct listing *listing = ctx;
	struct keystore_key key;

	/* A key destroyed since the store was asked is simply not listed. */
	if (keystore_find_spki(listing->x->api->keys, row->spki_sha256, &key, NULL) != 0)
		return 0;
	/* The store knows a rotation a moment earlier. */
	key.replaced = row->replaced;
	return json_append(listing->list, describe(&key, NULL), listing->err);
}

int
get_keys(struct exchange *x, struct error *err)
{
	struct listing listing = { .x = x, .list = json_make("[]"), .err = err };

	if (store_key_each(x->api->store, list_key, &listing, err) != 0) {
		json_free(listing.list);
		return -1;
	}
	return json_respond(x->res, 200, json_make("{s:o}", "keys", listing.list), err);
}

int
get_key(struct exchange *x, struct error *err)
{
	struct keystore_key key;

	if (keystore_find(x->api->keys, x->req->params[0], &key, err) != 0)
		return -1;
	return respond_key(x->res, 200, &key, err);
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
