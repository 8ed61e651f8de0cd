/* keystore_operation.c - working with the keys in use. */
#include "pkcs11/keystore_state.h"

#include "base/clock.h"
#include "pkcs11/copies.h"
#include "pkcs11/decrypt.h"
#include "pkcs11/generate.h"
#include "pkcs11/selftest.h"
#include "pkcs11/session.h"
#include "pkcs11/sign.h"

/* A key that was not on the token when it was taken into use may be there now. */
static int
find_again(struct keystore *store, const struct keystore_key *key,
    CK_OBJECT_HANDLE *handle, struct error *err)
{
	struct error why;

	if (token_find_private(store->token, &key->key, &key->id, handle, &why) != 0)
		return error_set(err, ERROR_TOKEN, "key %s is not on the token: %s",
		    key->key.name, why.text);
	keystore_set_handle(store, key, *handle);
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

/* What a signature needs of a key. */
struct signer {
	enum key_type type;
	CK_OBJECT_HANDLE handle, copy; /* no copy: the key itself is to sign */
	bool is_due;                   /* its copy is to be seen to */
};

static int
find_signer(struct keystore *store, const unsigned char *spki_sha256,
    struct signer *signer, struct error *err)
{
	const struct keytable_slot *slot;
	struct keystore_key key;

	*signer = (struct signer){ .handle = CK_INVALID_HANDLE };
	pthread_rwlock_rdlock(&store->lock);
	if ((slot = keytable_by_spki(&store->table, spki_sha256)) != NULL) {
		signer->type = slot->key.key.type;
		signer->handle = slot->handle;
		signer->is_due = clock_mono_ms() >= slot->copy.due_ms;
		signer->copy = signer->is_due ? CK_INVALID_HANDLE : slot->copy.handle;
	}
	pthread_rwlock_unlock(&store->lock);
	if (signer->handle != CK_INVALID_HANDLE)
		return 0;
	return find_handle(store, spki_sha256, &key, &signer->handle, err);
}

/* By its copy where there is one. Whatever a token has against a copy: the key decides.
 */
static int
sign_as(struct token *token, const struct signer *signer, struct mechanism *mechanism,
    unsigned char sig[static SIGNATURE_MAX_BYTES], size_t *sig_len,
    struct copies_news *news, struct error *err)
{
	struct error why;

	if (signer->copy != CK_INVALID_HANDLE) {
		if (token_sign(token, signer->copy, mechanism, sig, sig_len, &why) == 0)
			return 0;
		if (why.code == ERROR_BUSY)
			return error_set(err, why.code, "%s", why.text);
	}
	if (token_sign(token, signer->handle, mechanism, sig, sig_len, err) != 0)
		return -1;
	/* What the key refuses too is nothing against its copy. */
	news->key_signed = true;
	news->failed_copy = signer->copy;
	return 0;
}

/* What is to be signed. */
struct task {
	/* mechanism_init, or mechanism_init_digest. */
	int (*prepare)(struct mechanism *mechanism, enum scheme scheme,
	    enum key_type type, const struct bytes *input, struct error *err);
	enum scheme scheme;
	const struct bytes *input;
};

static int
sign(struct keystore *store, const unsigned char *spki_sha256, const struct task *task,
    unsigned char sig[static SIGNATURE_MAX_BYTES], size_t *sig_len, struct error *err)
{
	struct copies_news news = { .failed_copy = CK_INVALID_HANDLE };
	struct mechanism mechanism;
	struct signer signer;
	int rc;

	pthread_rwlock_rdlock(&store->handles);
	rc = find_signer(store, spki_sha256, &signer, err);
	if (rc == 0)
		rc = task->prepare(
		    &mechanism, task->scheme, signer.type, task->input, err);
	if (rc == 0)
		rc = sign_as(store->token, &signer, &mechanism, sig, sig_len, &news, err);
	pthread_rwlock_unlock(&store->handles);
	if (signer.is_due || news.failed_copy != CK_INVALID_HANDLE)
		copies_tend(store, spki_sha256, &news);
	return rc;
}

int
keystore_sign(struct keystore *store, const unsigned char *spki_sha256,
    enum scheme scheme, const struct bytes *message,
    unsigned char sig[static SIGNATURE_MAX_BYTES], size_t *sig_len, struct error *err)
{
	const struct task task = { mechanism_init, scheme, message };

	return sign(store, spki_sha256, &task, sig, sig_len, err);
}

int
keystore_sign_digest(struct keystore *store, const unsigned char *spki_sha256,
    enum scheme scheme, const struct bytes *digest,
    unsigned char sig[static SIGNATURE_MAX_BYTES], size_t *sig_len, struct error *err)
{
	const struct task task = { mechanism_init_digest, scheme, digest };

	return sign(store, spki_sha256, &task, sig, sig_len, err);
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
