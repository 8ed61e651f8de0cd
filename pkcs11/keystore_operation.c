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

	if (!keystore_may_look(store, key))
		return error_set(err, ERROR_TOKEN, "key %s is not on the token %s",
		    key->key.name, store->token->name);
	if (token_find_private(store->token, &key->key, &key->id, handle, &why) == 0) {
		keystore_set_seen(store, key, *handle);
		return 0;
	}
	if (keystore_is_absence(why.code))
		keystore_set_absent(store, key);
	return error_set(err, code_of_absence(why.code), "key %s is not on the token: %s",
	    key->key.name, why.text);
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

/* What became of a signature. */
struct task {
	struct keystore_task *asked;
	/* mechanism_init, or mechanism_init_digest. */
	int (*prepare)(struct mechanism *mechanism, enum scheme scheme,
	    enum key_type type, const struct bytes *input, struct error *err);
	bool by_key; /* not by its copy */
	CK_OBJECT_HANDLE wrong_copy;
	struct signer signer;
	struct copies_news news;
};

static int
sign(struct keystore *store, void *ctx, struct error *err)
{
	struct task *task = ctx;
	const struct keystore_task *asked = task->asked;
	struct signer *signer = &task->signer;
	struct mechanism mechanism;

	task->news = (struct copies_news){ .failed_copy = CK_INVALID_HANDLE };
	if (find_signer(store, asked->spki_sha256, signer, err) != 0 ||
	    task->prepare(&mechanism, asked->scheme, signer->type, asked->input, err) !=
		0)
		return -1;
	if (task->by_key)
		signer->copy = CK_INVALID_HANDLE;
	if (sign_as(store->token, signer, &mechanism, asked->output, asked->output_len,
		&task->news, err) == 0)
		return 0;
	if (err->code == ERROR_LOGGED_OUT)
		doubt_handle(store, task->asked->spki_sha256, signer->handle);
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
	const struct keystore_task *asked = task->asked;
	const struct bytes sig = { .data = asked->output, .len = *asked->output_len };
	struct keystore_key key;

	if (keystore_find_spki(store, asked->spki_sha256, &key, err) != 0)
		return -1;
	return token_verify(&key.key, asked->scheme, asked->input, &sig, err);
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
	task->by_key = task->asked->was_wrong = true;
	task->wrong_copy = task->signer.copy;
	if (task->wrong_copy == CK_INVALID_HANDLE)
		doubt_handle(store, task->asked->spki_sha256, task->signer.handle);
}

/* Once more, by the key itself, when the token was seen to; else another token's turn. */
static int
sign_again(struct keystore *store, struct keystore_work *work, const struct error *why,
    struct error *err)
{
	struct task *task = work->ctx;

	doubt_signer(store, task);
	if (work->hurries) {
		recovery_note(store->recovery, why);
		return error_set(err, why->code, "%s", why->text);
	}
	recovery_helped(store->recovery, why);
	work->run = sign_and_verify;
	return keystore_work(store, work, err);
}

static int
run_signature(struct keystore *store, struct keystore_task *asked, struct error *err)
{
	const bool was_wrong = asked->was_wrong;
	struct task task = {
		.asked = asked,
		.prepare = asked->verb == KEYSTORE_SIGNS_DIGEST ? mechanism_init_digest
								: mechanism_init,
		.by_key = was_wrong,
		.news.failed_copy = CK_INVALID_HANDLE,
	};
	struct keystore_work work = {
		.run = was_wrong ? sign_and_verify : sign,
		.ctx = &task,
		.hurries = asked->hurries,
	};
	struct error why;
	int rc;

	rc = keystore_work(store, &work, err);
	if (rc == 0 && !was_wrong && is_to_be_verified(store, &task) &&
	    verify(store, &task, &why) != 0)
		rc = sign_again(store, &work, &why, err);
	if (task.wrong_copy != CK_INVALID_HANDLE)
		task.news.failed_copy = task.wrong_copy;
	if (task.signer.is_due || task.news.failed_copy != CK_INVALID_HANDLE)
		copies_tend(store, asked->spki_sha256, &task.news);
	return rc;
}

static int
decrypt(struct keystore *store, void *ctx, struct error *err)
{
	const struct keystore_task *asked = ctx;
	CK_OBJECT_HANDLE handle;
	struct keystore_key key;

	if (find_handle(store, asked->spki_sha256, &key, &handle, err) != 0)
		return -1;
	if (token_decrypt(
		store->token, handle, &key.key, asked->input, asked->output, err) == 0)
		return 0;
	if (err->code == ERROR_LOGGED_OUT)
		doubt_handle(store, asked->spki_sha256, handle);
	return -1;
}

int
keystore_run(struct keystore *store, struct keystore_task *task, struct error *err)
{
	const struct keystore_work work = {
		.run = decrypt,
		.ctx = task,
		.hurries = task->hurries,
	};

	if (task->verb == KEYSTORE_DECRYPTS)
		return keystore_work(store, &work, err);
	return run_signature(store, task, err);
}
