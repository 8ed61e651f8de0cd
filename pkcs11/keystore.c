/*
 * keystore.c - keys in use, over the token.
 *
 * The table's lock is held for look-ups only. Signing and decrypting hold the handles'
 * lock for reading, so that a handle cannot be destroyed, and its number given to another
 * key, between its look-up and its use; destroying waits for what is in progress.
 */
#include "pkcs11/keystore.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "pkcs11/decrypt.h"
#include "pkcs11/generate.h"
#include "pkcs11/keytable.h"
#include "pkcs11/selftest.h"
#include "pkcs11/session.h"
#include "pkcs11/sign.h"

struct keystore {
	struct token *token;
	pthread_rwlock_t lock;    /* the table */
	pthread_rwlock_t handles; /* read: using one; write: destroying one */
	pthread_mutex_t writer;   /* the token: one writer at a time */
	struct keytable table;
};

static const char *const use_names[] = {
	[KEY_USE_TLS] = "tls",
	[KEY_USE_CA] = "ca",
	[KEY_USE_SIGN] = "sign",
	[KEY_USE_TLS_RSA_KEX] = "tls-rsa-kex",
};

const char *
key_use_name(enum key_use use)
{
	return use_names[use];
}

int
key_use_read(const char *name, enum key_use *use, struct error *err)
{
	for (size_t i = 0; i < sizeof(use_names) / sizeof(use_names[0]); i++) {
		if (strcmp(use_names[i], name) == 0) {
			*use = (enum key_use)i;
			return 0;
		}
	}
	return error_set(err, ERROR_BAD_REQUEST,
	    "\"%.32s\" is not a use; one of tls tls-rsa-kex ca sign", name);
}

int
keystore_new(struct token *token, struct keystore **store, struct error *err)
{
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
	pthread_rwlock_init(&s->lock, NULL);
	pthread_rwlock_init(&s->handles, &attributes);
	pthread_rwlockattr_destroy(&attributes);
	pthread_mutex_init(&s->writer, NULL);
	*store = s;
	return 0;
}

void
keystore_free(struct keystore *store)
{
	if (store == NULL)
		return;
	keytable_clear(&store->table);
	pthread_mutex_destroy(&store->writer);
	pthread_rwlock_destroy(&store->handles);
	pthread_rwlock_destroy(&store->lock);
	free(store);
}

/*
 * An RSA key has two hashes, one as rsa-2048 and one as rsa-pss-2048, and is one object:
 * under both it would have two uses, and who destroys one would destroy the other.
 */
static const struct keytable_slot *
in_use_as(const struct keytable *table, const struct keystore_key *key)
{
	const struct keytable_slot *slot = keytable_by_spki(table, key->key.spki_sha256);

	return slot != NULL ? slot : keytable_by_id(table, &key->id);
}

static int
check_unused(
    const struct keytable *table, const struct keystore_key *key, struct error *err)
{
	const struct keytable_slot *slot = in_use_as(table, key);

	if (slot == NULL && key->replaced == 0)
		slot = keytable_by_name(table, key->key.name);
	if (slot == NULL)
		return 0;
	return error_set(err, ERROR_CONFLICT,
	    "key %s is in use already, as %s of type %s", key->key.name,
	    slot->key.key.name, key_type_info(slot->key.key.type)->name);
}

int
keystore_add(struct keystore *store, const struct keystore_key *key, bool *on_token,
    struct error *err)
{
	CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;
	int rc;

	*on_token =
	    token_find_private(store->token, &key->key, &key->id, &handle, err) == 0;
	pthread_rwlock_wrlock(&store->lock);
	rc = check_unused(&store->table, key, err);
	if (rc == 0 && keytable_add(&store->table, key, handle) != 0)
		rc = error_set(err, ERROR_INTERNAL, "out of memory");
	pthread_rwlock_unlock(&store->lock);
	return rc;
}

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
try_use(struct keystore *store, const struct keystore_key *key, struct error *err)
{
	CK_OBJECT_HANDLE private;

	if (key->use != KEY_USE_TLS_RSA_KEX)
		return 0;
	if (token_find_private(store->token, &key->key, &key->id, &private, err) != 0)
		return -1;
	return token_selftest_decrypt(store->token, private, &key->key, err);
}

static int
generate(struct keystore *store, const char *name, enum key_type type, enum key_use use,
    struct keystore_key *key, struct error *err)
{
	int rc;

	key->id.len = 0;
	if (check_use(use, type, err) != 0)
		return -1;
	key->use = use;
	pthread_mutex_lock(&store->writer);
	rc = token_generate(store->token, name, type, use == KEY_USE_TLS_RSA_KEX,
	    &key->key, &key->id, err);
	if (rc == 0 && (rc = try_use(store, key, err)) != 0 &&
	    token_destroy(store->token, &key->id, NULL) == 0)
		key->id.len = 0;
	pthread_mutex_unlock(&store->writer);
	key->created = clock_now_s();
	key->replaced = 0;
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
	int rc = 0;

	pthread_rwlock_rdlock(&store->lock);
	if ((slot = in_use_as(&store->table, key)) != NULL)
		rc = error_set(err, ERROR_CONFLICT,
		    "the key with the label %s is in use already as key %s of type %s%s",
		    key->key.name, slot->key.key.name,
		    key_type_info(slot->key.key.type)->name,
		    slot->key.replaced != 0 ? "; it was replaced" : "");
	pthread_rwlock_unlock(&store->lock);
	return rc;
}

/* Nothing but a CKA_ID says that the halves belong together, so they are tried. */
int
keystore_adopt(struct keystore *store, const char *name, enum key_use use,
    enum key_family rsa_family, struct keystore_key *key, struct error *err)
{
	CK_OBJECT_HANDLE private;

	key->use = use;
	if (check_name_free(store, name, err) != 0 ||
	    token_find_labelled(store->token, name, use == KEY_USE_TLS_RSA_KEX,
		rsa_family, &key->key, &key->id, err) != 0 ||
	    check_use(use, key->key.type, err) != 0 ||
	    check_not_in_use(store, key, err) != 0 ||
	    token_find_private(store->token, &key->key, &key->id, &private, err) != 0 ||
	    token_selftest(store->token, private, &key->key, err) != 0 ||
	    try_use(store, key, err) != 0)
		return -1;
	key->created = clock_now_s();
	key->replaced = 0;
	return 0;
}

static void
set_handle(
    struct keystore *store, const struct keystore_key *key, CK_OBJECT_HANDLE handle)
{
	struct keytable_slot *slot;

	pthread_rwlock_wrlock(&store->lock);
	if ((slot = keytable_by_spki(&store->table, key->key.spki_sha256)) != NULL)
		slot->handle = handle;
	pthread_rwlock_unlock(&store->lock);
}

/* Even after a failure one half may be gone, so the handle has to be found again. */
int
keystore_destroy(
    struct keystore *store, const struct keystore_key *key, struct error *err)
{
	int rc;

	pthread_mutex_lock(&store->writer);
	pthread_rwlock_wrlock(&store->handles);
	rc = token_destroy(store->token, &key->id, err);
	set_handle(store, key, CK_INVALID_HANDLE);
	pthread_rwlock_unlock(&store->handles);
	pthread_mutex_unlock(&store->writer);
	return rc;
}

void
keystore_forget(struct keystore *store, const struct keystore_key *key)
{
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

size_t
keystore_count(struct keystore *store)
{
	size_t count;

	pthread_rwlock_rdlock(&store->lock);
	count = store->table.count;
	pthread_rwlock_unlock(&store->lock);
	return count;
}

/* A key that was not on the token when it was taken into use may be there now. */
static int
find_again(struct keystore *store, const struct keystore_key *key,
    CK_OBJECT_HANDLE *handle, struct error *err)
{
	struct error why;

	if (token_find_private(store->token, &key->key, &key->id, handle, &why) != 0)
		return error_set(err, ERROR_TOKEN, "key %s is not on the token: %s",
		    key->key.name, why.text);
	set_handle(store, key, *handle);
	return 0;
}

/* The key of this hash and its handle; the handles' lock is held for reading. */
static int
find_handle(struct keystore *store, const unsigned char *spki_sha256,
    struct keystore_key *key, CK_OBJECT_HANDLE *handle, struct error *err)
{
	struct keytable_slot *slot;

	pthread_rwlock_rdlock(&store->lock);
	if ((slot = keytable_by_spki(&store->table, spki_sha256)) != NULL) {
		*handle = slot->handle;
		*key = slot->key;
	}
	pthread_rwlock_unlock(&store->lock);
	if (slot == NULL)
		return error_set(
		    err, ERROR_NOT_FOUND, "no key with this SPKI hash is in use");
	return *handle == CK_INVALID_HANDLE ? find_again(store, key, handle, err) : 0;
}

int
keystore_sign(struct keystore *store, const unsigned char *spki_sha256,
    enum scheme scheme, const struct bytes *message,
    unsigned char sig[static SIGNATURE_MAX_BYTES], size_t *sig_len, struct error *err)
{
	CK_OBJECT_HANDLE handle;
	struct keystore_key key;
	int rc;

	pthread_rwlock_rdlock(&store->handles);
	rc = find_handle(store, spki_sha256, &key, &handle, err);
	if (rc == 0)
		rc = token_sign(store->token, handle, key.key.type, scheme, message, sig,
		    sig_len, err);
	pthread_rwlock_unlock(&store->handles);
	return rc;
}

int
keystore_decrypt(struct keystore *store, const unsigned char *spki_sha256,
    const struct bytes *ciphertext, unsigned char premaster[static PREMASTER_BYTES],
    struct error *err)
{
	CK_OBJECT_HANDLE handle;
	struct keystore_key key;
	int rc;

	pthread_rwlock_rdlock(&store->handles);
	rc = find_handle(store, spki_sha256, &key, &handle, err);
	if (rc == 0)
		rc = token_decrypt(
		    store->token, handle, &key.key, ciphertext, premaster, err);
	pthread_rwlock_unlock(&store->handles);
	return rc;
}

/* A key to try, rather one that was on the token; false when there is none at all. */
static bool
any_key(struct keystore *store, struct keytable_slot *found)
{
	*found = (struct keytable_slot){ .handle = CK_INVALID_HANDLE };
	pthread_rwlock_rdlock(&store->lock);
	for (size_t i = 0; found->handle == CK_INVALID_HANDLE && i < store->table.buckets;
	     i++)
		for (const struct keytable_slot *slot = store->table.by_name[i];
		     slot != NULL && found->handle == CK_INVALID_HANDLE;
		     slot = slot->next_by_name)
			*found = *slot;
	pthread_rwlock_unlock(&store->lock);
	return found->key.key.spki_len != 0;
}

static int
check_session(struct keystore *store, struct error *err)
{
	CK_SESSION_HANDLE session;

	if (session_take_live(store->token->sessions, &session, err) != 0)
		return -1;
	session_give(store->token->sessions, session);
	return 0;
}

static int
check_key(struct keystore *store, struct keytable_slot *slot, struct error *err)
{
	if (slot->handle == CK_INVALID_HANDLE &&
	    find_again(store, &slot->key, &slot->handle, err) != 0)
		return -1;
	return token_selftest(store->token, slot->handle, &slot->key.key, err);
}

int
keystore_check(struct keystore *store, struct error *err)
{
	struct keytable_slot slot;
	int rc;

	pthread_rwlock_rdlock(&store->handles);
	rc = any_key(store, &slot) ? check_key(store, &slot, err)
				   : check_session(store, err);
	pthread_rwlock_unlock(&store->handles);
	return rc;
}

static int
backend_sign(void *ctx, const struct key *key, enum scheme scheme,
    const struct bytes *message, unsigned char sig[static SIGNATURE_MAX_BYTES],
    size_t *sig_len, struct error *err)
{
	return keystore_sign(ctx, key->spki_sha256, scheme, message, sig, sig_len, err);
}

static int
backend_decrypt(void *ctx, const struct key *key, const struct bytes *ciphertext,
    unsigned char premaster[static PREMASTER_BYTES], struct error *err)
{
	return keystore_decrypt(ctx, key->spki_sha256, ciphertext, premaster, err);
}

const struct key_backend keystore_backend = {
	.sign = backend_sign,
	.decrypt = backend_decrypt,
};
