/*
 * keystore.c - keys in use, over the token.
 *
 * The table's lock is held for look-ups only, never while the token works: a slow
 * signature must not keep a key from being added. A key destroyed while another thread
 * signs with it makes that signature fail, which is what its owner asked for.
 */
#include "pkcs11/keystore.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/clock.h"
#include "base/text.h"
#include "pkcs11/generate.h"
#include "pkcs11/keytable.h"
#include "pkcs11/session.h"
#include "pkcs11/sign.h"

struct keystore {
	struct token *token;
	pthread_rwlock_t lock;  /* the table */
	pthread_mutex_t writer; /* the token: one writer at a time */
	struct keytable table;
};

static const char *const use_names[] = {
	[KEY_USE_TLS] = "tls",
	[KEY_USE_CA] = "ca",
	[KEY_USE_SIGN] = "sign",
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
	return error_set(
	    err, ERROR_BAD_REQUEST, "\"%.32s\" is not a use; one of tls ca sign", name);
}

int
keystore_new(struct token *token, struct keystore **store, struct error *err)
{
	struct keystore *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	s->token = token;
	pthread_rwlock_init(&s->lock, NULL);
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
	pthread_rwlock_destroy(&store->lock);
	free(store);
}

int
keystore_add(struct keystore *store, const struct keystore_key *key, bool *on_token,
    struct error *err)
{
	CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;
	int rc = -1;

	*on_token =
	    token_find_private(store->token, &key->key, &key->id, &handle, err) == 0;
	pthread_rwlock_wrlock(&store->lock);
	if (keytable_by_name(&store->table, key->key.name) != NULL ||
	    keytable_by_spki(&store->table, key->key.spki_sha256) != NULL)
		error_set(err, ERROR_CONFLICT, "key %s is in use already", key->key.name);
	else if (keytable_add(&store->table, key, handle) != 0)
		error_set(err, ERROR_INTERNAL, "out of memory");
	else
		rc = 0;
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

int
keystore_generate(struct keystore *store, const char *name, enum key_type type,
    struct keystore_key *key, struct error *err)
{
	int rc;

	if (check_name_free(store, name, err) != 0)
		return -1;
	pthread_mutex_lock(&store->writer);
	rc = token_generate(store->token, name, type, &key->key, &key->id, err);
	pthread_mutex_unlock(&store->writer);
	key->created = clock_now_s();
	return rc;
}

int
keystore_adopt(
    struct keystore *store, const char *name, struct keystore_key *key, struct error *err)
{
	if (check_name_free(store, name, err) != 0 ||
	    token_find_labelled(store->token, name, &key->key, &key->id, err) != 0)
		return -1;
	key->created = clock_now_s();
	return 0;
}

void
keystore_forget(struct keystore *store, const struct keystore_key *key)
{
	pthread_rwlock_wrlock(&store->lock);
	keytable_remove(&store->table, key->key.spki_sha256);
	pthread_rwlock_unlock(&store->lock);
}

int
keystore_destroy(
    struct keystore *store, const struct keystore_key *key, struct error *err)
{
	int rc;

	keystore_forget(store, key);
	pthread_mutex_lock(&store->writer);
	rc = token_destroy(store->token, &key->id, err);
	pthread_mutex_unlock(&store->writer);
	return rc;
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

int
keystore_sign(struct keystore *store, const unsigned char *spki_sha256,
    enum scheme scheme, const struct bytes *message,
    unsigned char sig[static SIGNATURE_MAX_BYTES], size_t *sig_len, struct error *err)
{
	CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;
	enum key_type type = KEY_EC_P256;
	struct keytable_slot *slot;

	pthread_rwlock_rdlock(&store->lock);
	if ((slot = keytable_by_spki(&store->table, spki_sha256)) != NULL) {
		handle = slot->handle;
		type = slot->key.key.type;
	}
	pthread_rwlock_unlock(&store->lock);
	if (slot == NULL)
		return error_set(
		    err, ERROR_NOT_FOUND, "no key with this SPKI hash is in use");
	if (handle == CK_INVALID_HANDLE)
		return error_set(err, ERROR_TOKEN, "the key is not on the token");
	return token_sign(store->token, handle, type, scheme, message, sig, sig_len, err);
}

static int
verify(const struct key *key, enum scheme scheme, const struct bytes *message,
    const struct bytes *sig, struct error *err)
{
	const unsigned char *p = key->spki;
	EVP_PKEY *public = d2i_PUBKEY(NULL, &p, (long)key->spki_len);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int rc = 0;

	if (public == NULL || ctx == NULL ||
	    EVP_DigestVerifyInit_ex(
		ctx, NULL, scheme_info(scheme)->hash, NULL, NULL, public, NULL) != 1 ||
	    EVP_DigestVerify(ctx, sig->data, sig->len, message->data, message->len) != 1)
		rc = error_set_openssl(
		    err, ERROR_TOKEN, "a signature that the token made does not verify");
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(public);
	return rc;
}

/* Any key that the token has; false when there is none. */
static bool
any_key(struct keystore *store, struct key *key)
{
	bool found = false;

	pthread_rwlock_rdlock(&store->lock);
	for (size_t i = 0; !found && i < store->table.buckets; i++) {
		const struct keytable_slot *slot = store->table.by_name[i];

		while (slot != NULL && slot->handle == CK_INVALID_HANDLE)
			slot = slot->next_by_name;
		if (slot != NULL) {
			*key = slot->key.key;
			found = true;
		}
	}
	pthread_rwlock_unlock(&store->lock);
	return found;
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

int
keystore_check(struct keystore *store, struct error *err)
{
	unsigned char nonce[32], sig[SIGNATURE_MAX_BYTES];
	struct bytes message = { .data = nonce, .len = sizeof(nonce) };
	struct bytes signature = { .data = sig };
	const struct key_type_info *info;
	enum scheme scheme;
	struct key key;

	if (!any_key(store, &key))
		return check_session(store, err);
	info = key_type_info(key.type);
	if (scheme_of(info->family, info->default_hash, false, &scheme) != 0 ||
	    RAND_bytes(nonce, sizeof(nonce)) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, "self-test");
	if (keystore_sign(
		store, key.spki_sha256, scheme, &message, sig, &signature.len, err) != 0)
		return -1;
	return verify(&key, scheme, &message, &signature, err);
}

static int
backend_sign(void *ctx, const struct key *key, enum scheme scheme,
    const struct bytes *message, unsigned char sig[static SIGNATURE_MAX_BYTES],
    size_t *sig_len, struct error *err)
{
	return keystore_sign(ctx, key->spki_sha256, scheme, message, sig, sig_len, err);
}

const struct key_backend keystore_backend = { .sign = backend_sign };
