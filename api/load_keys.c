/* load_keys.c - the keys of the store, taken into use at the start. */
#include "api/load_keys.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"

/* The store's row as the keystore knows it. */
static int
read_row(const struct key_row *row, struct keystore_key *key, struct error *err)
{
	struct bytes spki = { .data = row->spki, .len = row->spki_len };

	if (row->cka_id_len > sizeof(key->id.data))
		return error_set(err, ERROR_IO, "key %s: overlong CKA_ID", row->name);
	if (key_init(&key->key, row->name, &spki, err) != 0 ||
	    key_use_read(row->use, &key->use, err) != 0)
		return -1;
	memcpy(key->id.data, row->cka_id, row->cka_id_len);
	key->id.len = row->cka_id_len;
	key->created = row->created;
	key->replaced = row->replaced;
	snprintf(key->token, sizeof(key->token), "%s", row->token);
	return 0;
}

struct loading {
	struct keyring *keys;
	int rc; /* the store does not tell why a visit ended */
	struct error *err;
};

static int
load_key(void *ctx, const struct key_row *row)
{
	struct loading *loading = ctx;
	struct keystore_key key;
	char quoted[LOG_QUOTED_MAX];
	bool on_token;

	loading->rc = read_row(row, &key, loading->err);
	if (loading->rc == 0)
		loading->rc = keyring_add(loading->keys, &key, &on_token, loading->err);
	if (loading->rc != 0)
		return -1;
	/* The daemon serves the keys it has, and says which it lacks. */
	if (!on_token)
		log_error("key.missing", "key=%s why=\"%s\"", row->name,
		    log_quoted(quoted, loading->err->text));
	return 0;
}

/* Each is searched for then: slower, and it may be there yet. */
static void
note_unlisted(struct keystore *store, const struct error *why)
{
	char quoted[LOG_QUOTED_MAX];

	log_error("keys.unlisted", "why=\"%s\" token=%s", log_quoted(quoted, why->text),
	    keystore_token(store)->name);
}

int
load_keys(struct api *api, struct error *err)
{
	struct loading loading = { .keys = api->keys, .err = err };
	int rc;

	keyring_list(api->keys, note_unlisted);
	rc = store_key_each(api->store, load_key, &loading, err);
	keyring_unlist(api->keys);
	return rc == 0 ? loading.rc : -1;
}
