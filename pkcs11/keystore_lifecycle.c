/* keystore_lifecycle.c - keys on the token: made, adopted, replaced, destroyed. */
#include "pkcs11/keystore_state.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "pkcs11/copies.h"
#include "pkcs11/generate.h"
#include "pkcs11/selftest.h"

static int
check_name_free(struct keystore *store, const char *name, struct error *err)
{
	bool taken;

	pthread_rwlock_rdlock(&store->lock);
	taken = keytable_by_name(&store->table, name) != NULL;
	pthread_rwlock_unlock(&store->lock);
	if (taken)
		return error_set(
		    err, ERROR_CONFLICT, "there is a key named %s already", name);
	return 0;
}

static int
check_use(enum key_use use, enum key_type type, struct error *err)
{
	if (use != KEY_USE_TLS_RSA_KEX || key_type_info(type)->family == KEY_FAMILY_RSA)
		return 0;
	return error_set(err, ERROR_BAD_REQUEST,
	    "use %s is for RSA keys, such as rsa-2048; %s is none", key_use_name(use),
	    key_type_info(type)->name);
}

/* RSA key exchange asks of a token what none need have, so it is tried. */
static int
try_use(struct keystore *store, const struct keystore_key *key, CK_OBJECT_HANDLE private,
    struct error *err)
{
	if (key->use != KEY_USE_TLS_RSA_KEX)
		return 0;
	return token_selftest_decrypt(store->token, private, &key->key, err);
}

struct generation {
	const char *name;
	enum key_type type;
	enum key_use use;
	struct keystore_key *key;
};

static int
run_generation(struct keystore *store, void *ctx, struct error *err)
{
	const struct generation *g = ctx;
	struct keystore_key *key = g->key;
	struct token_key made;
	int rc = token_generate(store->token, g->name, g->type,
	    g->use == KEY_USE_TLS_RSA_KEX, &key->key, &made, err);

	key->id = made.id;
	if (rc == 0 && (rc = try_use(store, key, made.private, err)) != 0 &&
	    token_destroy(store->token, &key->id, NULL) == 0)
		key->id.len = 0;
	if (rc == 0)
		keystore_expect(store, key, made.private);
	else if (key->id.len != 0)
		err->code = ERROR_TOKEN; /* not again: a pair is there */
	return rc;
}

static void
note_origin(const struct keystore *store, struct keystore_key *key)
{
	snprintf(key->token, sizeof(key->token), "%s", store->token->name);
	key->created = clock_now_s();
	key->replaced = 0;
}

static int
generate(struct keystore *store, const char *name, enum key_type type, enum key_use use,
    struct keystore_key *key, struct error *err)
{
	struct generation generation = { name, type, use, key };
	const struct keystore_work work = {
		.run = run_generation,
		.ctx = &generation,
		.writes = true,
		.makes = true,
	};
	int rc;

	key->id.len = 0;
	if (check_use(use, type, err) != 0)
		return -1;
	key->use = use;
	rc = keystore_work(store, &work, err);
	note_origin(store, key);
	return rc;
}

int
keystore_generate(struct keystore *store, const char *name, enum key_type type,
    enum key_use use, struct keystore_key *key, struct error *err)
{
	key->id.len = 0;
	if (check_name_free(store, name, err) != 0)
		return -1;
	return generate(store, name, type, use, key, err);
}

int
keystore_generate_next(struct keystore *store, const char *name, enum key_type type,
    struct keystore_key *next, struct error *err)
{
	struct keystore_key current;

	next->id.len = 0;
	if (keystore_find(store, name, &current, err) != 0)
		return -1;
	return generate(store, name, type, current.use, next, err);
}

void
keystore_promote(struct keystore *store, const struct keystore_key *old,
    const struct keystore_key *next)
{
	struct keytable_slot *from, *to;

	pthread_rwlock_wrlock(&store->lock);
	from = keytable_by_spki(&store->table, old->key.spki_sha256);
	to = keytable_by_spki(&store->table, next->key.spki_sha256);
	if (from == NULL || to == NULL)
		abort();
	from->key.replaced = next->created;
	to->key.replaced = 0;
	pthread_rwlock_unlock(&store->lock);
}

static int
check_not_in_use(
    struct keystore *store, const struct keystore_key *key, struct error *err)
{
	const struct keytable_slot *slot;
	int rc;

	pthread_rwlock_rdlock(&store->lock);
	rc = keystore_in_use_as(&store->table, key, &slot, err);
	if (rc == 0 && slot != NULL)
		rc = error_set(err, ERROR_CONFLICT,
		    "the key with the label %s is in use already as key %s of type %s%s",
		    key->key.name, slot->key.key.name,
		    key_type_info(slot->key.key.type)->name,
		    slot->key.replaced != 0 ? "; it was replaced" : "");
	pthread_rwlock_unlock(&store->lock);
	return rc;
}

struct adoption {
	const char *name;
	enum key_family rsa_family;
	struct keystore_key *key;
};

/* Nothing but a CKA_ID says that the halves belong together, so they are tried. */
static int
adopt(struct keystore *store, void *ctx, struct error *err)
{
	const struct adoption *a = ctx;
	struct keystore_key *key = a->key;
	CK_OBJECT_HANDLE private;

	if (token_find_labelled(store->token, a->name, key->use == KEY_USE_TLS_RSA_KEX,
		a->rsa_family, &key->key, &key->id, err) != 0 ||
	    check_use(key->use, key->key.type, err) != 0 ||
	    check_not_in_use(store, key, err) != 0 ||
	    token_find_private(store->token, &key->key, &key->id, &private, err) != 0 ||
	    token_selftest_pair(store->token, private, &key->key, err) != 0 ||
	    try_use(store, key, private, err) != 0)
		return -1;
	keystore_expect(store, key, private);
	return 0;
}

int
keystore_adopt(struct keystore *store, const char *name, enum key_use use,
    enum key_family rsa_family, struct keystore_key *key, struct error *err)
{
	struct adoption adoption = { name, rsa_family, key };
	const struct keystore_work work = { .run = adopt, .ctx = &adoption };

	key->use = use;
	if (check_name_free(store, name, err) != 0 ||
	    keystore_work(store, &work, err) != 0)
		return -1;
	note_origin(store, key);
	return 0;
}

/* Even after a failure it may be gone, so the handle has to be found again. */
static int
destroy_private(struct keystore *store, const struct keystore_key *key,
    CK_OBJECT_HANDLE private, struct error *err)
{
	int rc;

	if (keystore_lock_handles(store, store->wait_ms, err) != 0)
		return -1;
	copies_drop(store, key->key.spki_sha256);
	rc = token_destroy_object(store->token, private, err);
	keystore_expect(store, NULL, CK_INVALID_HANDLE);
	keystore_set_handle(store, key, CK_INVALID_HANDLE);
	pthread_rwlock_unlock(&store->handles);
	return rc;
}

/* There is no private key that could be this one: none under its CKA_ID, or another's
 * pair. */
static int
check_absent(struct keystore *store, const struct keystore_key *key, struct error *err)
{
	struct token_pair pair;

	if (token_locate(store->token, &key->id, &pair, err) != 0)
		return -1;
	if (pair.private == CK_INVALID_HANDLE || pair.public != CK_INVALID_HANDLE)
		return 0;
	return error_set(err, ERROR_CONFLICT,
	    "the token %s has a private key under the CKA_ID of %s, and no public half "
	    "that tells whether it is the same",
	    store->token->name, key->key.name);
}

/* What has the CKA_ID of a guest may be another key. */
static int
find_guest(struct keystore *store, const struct keystore_key *key, bool *is_here,
    struct error *err)
{
	CK_OBJECT_HANDLE private;

	*is_here =
	    token_find_private(store->token, &key->key, &key->id, &private, err) == 0;
	if (!*is_here)
		return keystore_is_absence(err->code) ? check_absent(store, key, err)
						      : -1;
	keystore_set_seen(store, key, private);
	return 0;
}

struct destruction {
	struct keystore_key key;
	bool is_guest;
};

/* With many objects each step takes a while, and others sign in the first and the last.
 */
static int
destroy(struct keystore *store, void *ctx, struct error *err)
{
	const struct destruction *d = ctx;
	const struct keystore_key *key = &d->key;
	struct token_pair pair;
	bool is_here = true;

	if (d->is_guest && find_guest(store, key, &is_here, err) != 0)
		return -1;
	if (!is_here)
		return 0;
	if (token_locate(store->token, &key->id, &pair, err) != 0 ||
	    destroy_private(store, key, pair.private, err) != 0)
		return -1;
	if (token_destroy_object(store->token, pair.public, err) != 0)
		return -1;
	keystore_set_absent(store, key);
	return 0;
}

static int
run_destruction(struct keystore *store, const struct keystore_key *key, bool is_guest,
    struct error *err)
{
	struct destruction destruction = { *key, is_guest };
	const struct keystore_work work = {
		.run = destroy,
		.ctx = &destruction,
		.writes = true,
	};

	return keystore_work(store, &work, err);
}

int
keystore_destroy(
    struct keystore *store, const struct keystore_key *key, struct error *err)
{
	return run_destruction(store, key, false, err);
}

int
keystore_destroy_guest(
    struct keystore *store, const struct keystore_key *key, struct error *err)
{
	return run_destruction(store, key, true, err);
}

struct certificate_of_key {
	const struct keystore_key *key;
	const struct certificate_parts *parts;
};

static int
put_certificate(struct keystore *store, void *ctx, struct error *err)
{
	const struct certificate_of_key *c = ctx;

	return token_put_certificate(
	    store->token, &c->key->id, c->key->key.name, c->parts, err);
}

int
keystore_put_certificate(struct keystore *store, const struct keystore_key *key,
    const struct certificate_parts *parts, struct error *err)
{
	struct certificate_of_key certificate = { key, parts };
	const struct keystore_work work = {
		.run = put_certificate,
		.ctx = &certificate,
		.writes = true,
	};

	return keystore_work(store, &work, err);
}
