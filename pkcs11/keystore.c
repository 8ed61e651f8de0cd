/* keystore.c - the keys in use: taken into use, found, forgotten. */
#include "pkcs11/keystore_state.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "pkcs11/copies.h"
#include "pkcs11/generate.h"

/* Long enough for a slow token, short enough for who waits. */
static const struct recovery_options usual = {
	.wait_ms = 1000,
	.pause_ms = 1000,
	.hang_ms = 5000,
};

int
keystore_new(struct token *token, const struct keystore_options *options,
    struct keystore **store, struct error *err)
{
	const struct recovery_options *recovery =
	    options->recovery.hang_ms != 0 ? &options->recovery : &usual;
	struct keystore *s = calloc(1, sizeof(*s));
	pthread_rwlockattr_t attributes;

	if (s == NULL || pthread_rwlockattr_init(&attributes) != 0) {
		free(s);
		return error_set(err, ERROR_INTERNAL, "out of memory");
	}
	/* Else a stream of signatures would keep a key from ever being destroyed. */
	pthread_rwlockattr_setkind_np(
	    &attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	s->token = token;
	s->wait_ms = recovery->wait_ms;
	s->verify_one_in = options->verify_one_in;
	s->copies.holder = CK_INVALID_HANDLE;
	pthread_rwlock_init(&s->lock, NULL);
	pthread_rwlock_init(&s->handles, &attributes);
	pthread_rwlockattr_destroy(&attributes);
	pthread_mutex_init(&s->writer, NULL);
	if (recovery_start(s, recovery, options->away, &s->recovery, err) != 0) {
		keystore_free(s);
		return -1;
	}
	keystore_join_module(s);
	*store = s;
	return 0;
}

void
keystore_free(struct keystore *store)
{
	if (store == NULL)
		return;
	/* First: the keepers of other tokens ask how this one is. */
	keystore_leave_module(store);
	recovery_stop(store->recovery);
	copies_close(store);
	keytable_clear(&store->table);
	pthread_mutex_destroy(&store->writer);
	pthread_rwlock_destroy(&store->handles);
	pthread_rwlock_destroy(&store->lock);
	free(store);
}

struct token *
keystore_token(const struct keystore *store)
{
	return store->token;
}

int
keystore_in_use_as(const struct keytable *table, const struct keystore_key *key,
    const struct keytable_slot **slot, struct error *err)
{
	struct key twin;

	if (key_twin(&key->key, &twin, err) != 0)
		return -1;
	if ((*slot = keytable_by_spki(table, key->key.spki_sha256)) == NULL &&
	    (*slot = keytable_by_spki(table, twin.spki_sha256)) == NULL)
		*slot = keytable_by_id(table, &key->id);
	return 0;
}

static int
check_unused(
    const struct keytable *table, const struct keystore_key *key, struct error *err)
{
	const struct keytable_slot *slot;

	if (keystore_in_use_as(table, key, &slot, err) != 0)
		return -1;
	if (slot == NULL && key->replaced == 0)
		slot = keytable_by_name(table, key->key.name);
	if (slot == NULL)
		return 0;
	return error_set(err, ERROR_CONFLICT,
	    "key %s is in use already, as %s of type %s", key->key.name,
	    slot->key.key.name, key_type_info(slot->key.key.type)->name);
}

static int
list(struct keystore *store, void *ctx, struct error *err)
{
	(void)ctx;
	return inventory_read(store->token, &store->inventory, err);
}

int
keystore_list(struct keystore *store, struct error *err)
{
	const struct keystore_work work = { .run = list };

	return keystore_work(store, &work, err);
}

void
keystore_drop_list(struct keystore *store)
{
	inventory_free(store->inventory);
	store->inventory = NULL;
}

bool
keystore_unlist(struct keystore *store)
{
	bool is_listed;

	/* One that is being seen to has forgotten its list, or will. */
	if (keystore_lock_for_use(store, NULL) != 0)
		return false;
	if ((is_listed = store->inventory != NULL))
		keystore_seek_listed(store, store->inventory, NULL);
	keystore_drop_list(store);
	pthread_rwlock_unlock(&store->handles);
	return is_listed;
}

void
keystore_expect(
    struct keystore *store, const struct keystore_key *key, CK_OBJECT_HANDLE handle)
{
	struct newcomer newcomer = { .handle = handle };

	if (key != NULL) {
		newcomer.id = key->id;
		memcpy(newcomer.spki_sha256, key->key.spki_sha256, KEY_SHA256_SIZE);
	}
	pthread_rwlock_wrlock(&store->lock);
	store->newcomer = newcomer;
	pthread_rwlock_unlock(&store->lock);
}

static bool
is_expected(
    struct keystore *store, const struct keystore_key *key, CK_OBJECT_HANDLE *handle)
{
	struct newcomer newcomer;

	pthread_rwlock_wrlock(&store->lock);
	newcomer = store->newcomer;
	store->newcomer = (struct newcomer){ 0 };
	pthread_rwlock_unlock(&store->lock);
	*handle = newcomer.handle;
	return newcomer.id.len != 0 && newcomer.id.len == key->id.len &&
	       memcmp(newcomer.id.data, key->id.data, key->id.len) == 0 &&
	       memcmp(newcomer.spki_sha256, key->key.spki_sha256, KEY_SHA256_SIZE) == 0;
}

struct addition {
	const struct keystore_key *key;
	bool is_found;
};

static int
find(struct keystore *store, const struct keystore_key *key, CK_OBJECT_HANDLE *handle,
    struct error *err)
{
	if (is_expected(store, key, handle))
		return 0;
	if (store->inventory != NULL)
		return token_find_listed(
		    store->token, store->inventory, &key->key, &key->id, handle, err);
	return token_find_private(store->token, &key->key, &key->id, handle, err);
}

static int
put(struct keystore *store, const struct keystore_key *key, CK_OBJECT_HANDLE handle,
    struct error *err)
{
	int rc;

	pthread_rwlock_wrlock(&store->lock);
	rc = check_unused(&store->table, key, err);
	if (rc == 0 && keytable_add(&store->table, key, handle) != 0)
		rc = error_set(err, ERROR_INTERNAL, "out of memory");
	pthread_rwlock_unlock(&store->lock);
	return rc;
}

/* In one go: a handle that was found means another key after the token was reloaded. */
static int
add(struct keystore *store, void *ctx, struct error *err)
{
	struct addition *addition = ctx;
	CK_OBJECT_HANDLE handle;

	if (find(store, addition->key, &handle, err) != 0)
		return -1;
	addition->is_found = true;
	return put(store, addition->key, handle, err);
}

int
keystore_add(struct keystore *store, const struct keystore_key *key, bool *on_token,
    struct error *err)
{
	struct addition addition = { .key = key };
	const struct keystore_work work = { .run = add, .ctx = &addition };
	int rc = keystore_work(store, &work, err);

	*on_token = addition.is_found;
	return addition.is_found ? rc : put(store, key, CK_INVALID_HANDLE, err);
}

void
keystore_set_handle(
    struct keystore *store, const struct keystore_key *key, CK_OBJECT_HANDLE handle)
{
	struct keytable_slot *slot;

	pthread_rwlock_wrlock(&store->lock);
	if ((slot = keytable_by_spki(&store->table, key->key.spki_sha256)) != NULL)
		slot->handle = handle;
	pthread_rwlock_unlock(&store->lock);
}

/* Where a call hangs, a copy is left to its session. */
void
keystore_forget(struct keystore *store, const struct keystore_key *key)
{
	if (keystore_lock_out(store, store->wait_ms, NULL) == 0) {
		copies_drop(store, key->key.spki_sha256);
		keystore_let_in(store);
	}
	pthread_rwlock_wrlock(&store->lock);
	keytable_remove(&store->table, key->key.spki_sha256);
	pthread_rwlock_unlock(&store->lock);
}

int
keystore_find_spki(struct keystore *store, const unsigned char *spki_sha256,
    struct keystore_key *key, struct error *err)
{
	struct keytable_slot *slot;

	pthread_rwlock_rdlock(&store->lock);
	if ((slot = keytable_by_spki(&store->table, spki_sha256)) != NULL)
		*key = slot->key;
	pthread_rwlock_unlock(&store->lock);
	if (slot == NULL)
		return error_set(
		    err, ERROR_NOT_FOUND, "no key with this SPKI hash is in use");
	return 0;
}

int
keystore_find(struct keystore *store, const char *name_or_spki, struct keystore_key *key,
    struct error *err)
{
	unsigned char hash[KEY_SHA256_SIZE];
	struct keytable_slot *slot;

	if (strncmp(name_or_spki, "spki:", 5) == 0) {
		if (hex_decode(hash, sizeof(hash), name_or_spki + 5) != 0)
			return error_set(
			    err, ERROR_BAD_REQUEST, "spki: takes 64 hex digits");
		return keystore_find_spki(store, hash, key, err);
	}
	if (!name_is_valid(name_or_spki))
		return error_set(err, ERROR_BAD_REQUEST,
		    "\"%.64s\" is not a key name: [a-z0-9][a-z0-9._-]{0,62}",
		    name_or_spki);
	pthread_rwlock_rdlock(&store->lock);
	if ((slot = keytable_by_name(&store->table, name_or_spki)) != NULL)
		*key = slot->key;
	pthread_rwlock_unlock(&store->lock);
	if (slot == NULL)
		return error_set(err, ERROR_NOT_FOUND, "no key named %s", name_or_spki);
	return 0;
}

int
keystore_check(struct keystore *store, struct error *err)
{
	return recovery_check(store->recovery, err);
}

bool
keystore_recovered(struct keystore *store, const struct error *failure)
{
	return recovery_helped(store->recovery, failure);
}

bool
keystore_is_away(struct keystore *store)
{
	struct recovery_state state = recovery_state(store->recovery);

	return state.is_away || state.hangs;
}

size_t
keystore_count(struct keystore *store)
{
	size_t count;

	pthread_rwlock_rdlock(&store->lock);
	count = store->table.count - store->table.guests;
	pthread_rwlock_unlock(&store->lock);
	return count;
}

struct keystore_use
keystore_use(struct keystore *store)
{
	struct keystore_use use = {
		.copies = atomic_load(&store->copies.count),
		.sessions = session_pool_use(store->token->sessions),
		.recovery = recovery_state(store->recovery),
		.times = store->token->times,
	};

	pthread_rwlock_rdlock(&store->lock);
	use.known = store->table.count;
	use.keys = use.known - store->table.guests;
	pthread_rwlock_unlock(&store->lock);
	return use;
}
