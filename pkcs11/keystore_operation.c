/* keystore_operation.c - working with the keys in use. */
#include "pkcs11/keystore_state.h"

#include "base/clock.h"
#include "pkcs11/copies.h"
#include "pkcs11/decrypt.h"
#include "pkcs11/generate.h"
#include "pkcs11/recovery.h"
#include "pkcs11/selftest.h"
#include "pkcs11/sign.h"

/* What the token has against the search, and not what it found: a key that is not there
 * is the key's trouble. */
static enum error_code
code_of_absence(enum error_code why)
{
	switch (why) {
	case ERROR_BUSY:
	case ERROR_LOGGED_OUT:
	case ERROR_AWAY:
		return why;
	default:
		return ERROR_TOKEN;
	}
}

int
keystore_find_again(struct keystore *store, const struct keystore_key *key,
    CK_OBJECT_HANDLE *handle, struct error *err)
{
	struct error why;

	if (token_find_private(store->token, &key->key, &key->id, handle, &why) != 0)
		return error_set(err, code_of_absence(why.code),
		    "key %s is not on the token: %s", key->key.name, why.text);
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
	return *handle == CK_INVALID_HANDLE ? keystore_find_again(store, key, handle, err)
					    : 0;
}

/* What a signature needs of a key. */
struct signer {
	enum key_type type;
	enum key_use use;
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
		signer->use = slot->key.use;
		signer->handle = slot->handle;
		signer->is_due = clock_mono_ms() >= slot->copy.due_ms;
		signer->copy = signer->is_due ? CK_INVALID_HANDLE : slot->copy.handle;
	}
	pthread_rwlock_unlock(&store->lock);
	if (signer->handle != CK_INVALID_HANDLE)
		return 0;
	if (find_handle(store, spki_sha256, &key, &signer->handle, err) != 0)
		return -1;
	signer->type = key.key.type;
	signer->use = key.use;
	return 0;
}

/* A handle that the token does not know any more is looked up again. */
static void
doubt_handle(
    struct keystore *store, const unsigned char *spki_sha256, CK_OBJECT_HANDLE handle)
{
	struct keytable_slot *slot;

	pthread_rwlock_wrlock(&store->lock);
	if ((slot = keytable_by_spki(&store->table, spki_sha256)) != NULL &&
	    slot->handle == handle)
		slot->handle = CK_INVALID_HANDLE;
	pthread_rwlock_unlock(&store->lock);
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

/* What is to be signed, and what became of it. */
struct task {
	/* mechanism_init, or mechanism_init_digest. */
	int (*prepare)(struct mechanism *mechanism, enum scheme scheme,
	    enum key_type type, const struct bytes *input, struct error *err);
	const unsigned char *spki_sha256;
	enum scheme scheme;
	const struct bytes *input;
	unsigned char *sig;
	size_t *sig_len;
	bool by_key; /* not by its copy */
	CK_OBJECT_HANDLE wrong_copy;
	struct signer signer;
	struct copies_news news;
};

static int
sign(struct keystore *store, void *ctx, struct error *err)
{
	struct task *task = ctx;
	struct signer *signer = &task->signer;
	struct mechanism mechanism;

	task->news = (struct copies_news){ .failed_copy = CK_INVALID_HANDLE };
	if (find_signer(store, task->spki_sha256, signer, err) != 0 ||
	    task->prepare(&mechanism, task->scheme, signer->type, task->input, err) != 0)
		return -1;
	if (task->by_key)
		signer->copy = CK_INVALID_HANDLE;
	if (sign_as(store->token, signer, &mechanism, task->sig, task->sig_len,
		&task->news, err) == 0)
		return 0;
	if (err->code == ERROR_LOGGED_OUT)
		doubt_handle(store, task->spki_sha256, signer->handle);
	return -1;
}

/* Not by a count that threads share, nor by what a token could choose. */
static bool
is_sample(unsigned one_in)
{
	static _Thread_local uint32_t state;

	if (one_in == 0)
		return false;
	if (state == 0)
		state = (uint32_t)clock_mono_ns() | 1;
	state = state * 1664525 + 1013904223; /* the upper bits are the better ones */
	return (state >> 8) % one_in == 0;
}

/* What a CA signed wrongly is out for good; a TLS client finds out by itself. */
static bool
is_to_be_verified(const struct keystore *store, const struct task *task)
{
	if (task->prepare != mechanism_init)
		return false;
	return task->signer.use == KEY_USE_CA || task->signer.use == KEY_USE_AUDIT ||
	       is_sample(store->verify_one_in);
}

static int
verify(struct keystore *store, const struct task *task, struct error *err)
{
	const struct bytes sig = { .data = task->sig, .len = *task->sig_len };
	struct keystore_key key;

	if (keystore_find_spki(store, task->spki_sha256, &key, err) != 0)
		return -1;
	return token_verify(&key.key, task->scheme, task->input, &sig, err);
}

static int
sign_and_verify(struct keystore *store, void *ctx, struct error *err)
{
	return sign(store, ctx, err) != 0 ? -1 : verify(store, ctx, err);
}

/* What signed wrongly does not sign again: the copy, or the key by this handle. */
static void
doubt_signer(struct keystore *store, struct task *task)
{
	task->by_key = true;
	task->wrong_copy = task->signer.copy;
	if (task->wrong_copy == CK_INVALID_HANDLE)
		doubt_handle(store, task->spki_sha256, task->signer.handle);
}

static int
run_task(struct keystore *store, struct task *task, struct error *err)
{
	struct keystore_work work = { .run = sign, .ctx = task };
	struct error why;
	int rc;

	rc = keystore_work(store, &work, err);
	if (rc == 0 && is_to_be_verified(store, task) && verify(store, task, &why) != 0) {
		doubt_signer(store, task);
		recovery_helped(store->recovery, &why);
		work.run = sign_and_verify;
		rc = keystore_work(store, &work, err);
	}
	if (task->wrong_copy != CK_INVALID_HANDLE)
		task->news.failed_copy = task->wrong_copy;
	if (task->signer.is_due || task->news.failed_copy != CK_INVALID_HANDLE)
		copies_tend(store, task->spki_sha256, &task->news);
	return rc;
}

int
keystore_sign(struct keystore *store, const unsigned char *spki_sha256,
    enum scheme scheme, const struct bytes *message,
    unsigned char sig[static SIGNATURE_MAX_BYTES], size_t *sig_len, struct error *err)
{
	struct task task = {
		.prepare = mechanism_init,
		.spki_sha256 = spki_sha256,
		.scheme = scheme,
		.input = message,
		.sig = sig,
		.sig_len = sig_len,
		.news.failed_copy = CK_INVALID_HANDLE,
	};

	return run_task(store, &task, err);
}

int
keystore_sign_digest(struct keystore *store, const unsigned char *spki_sha256,
    enum scheme scheme, const struct bytes *digest,
    unsigned char sig[static SIGNATURE_MAX_BYTES], size_t *sig_len, struct error *err)
{
	struct task task = {
		.prepare = mechanism_init_digest,
		.spki_sha256 = spki_sha256,
		.scheme = scheme,
		.input = digest,
		.sig = sig,
		.sig_len = sig_len,
		.news.failed_copy = CK_INVALID_HANDLE,
	};

	return run_task(store, &task, err);
}

struct decryption {
	const unsigned char *spki_sha256;
	const struct bytes *ciphertext;
	unsigned char *premaster;
};

static int
decrypt(struct keystore *store, void *ctx, struct error *err)
{
	const struct decryption *d = ctx;
	CK_OBJECT_HANDLE handle;
	struct keystore_key key;

	if (find_handle(store, d->spki_sha256, &key, &handle, err) != 0)
		return -1;
	if (token_decrypt(
		store->token, handle, &key.key, d->ciphertext, d->premaster, err) == 0)
		return 0;
	if (err->code == ERROR_LOGGED_OUT)
		doubt_handle(store, d->spki_sha256, handle);
	return -1;
}

int
keystore_decrypt(struct keystore *store, const unsigned char *spki_sha256,
    const struct bytes *ciphertext, unsigned char premaster[static PREMASTER_BYTES],
    struct error *err)
{
	struct decryption decryption = { spki_sha256, ciphertext, premaster };
	const struct keystore_work work = { .run = decrypt, .ctx = &decryption };

	return keystore_work(store, &work, err);
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
