/*
 * copies.c - made, looked after, and given up.
 *
 * With the writer locked nobody destroys a key of ours, so its handle stays what it is.
 * To destroy a copy takes the handles' lock for writing too: somebody may be signing.
 */
#include "pkcs11/copies.h"

#include "base/clock.h"
#include "base/log.h"
#include "pkcs11/ckr.h"

/* Of a key, as it is under the table's lock; the token is asked without that lock. */
struct view {
	CK_OBJECT_HANDLE original;
	struct keytable_copy copy;
};

static bool
look_up(struct keystore *store, const unsigned char *spki_sha256, struct view *view)
{
	const struct keytable_slot *slot;

	pthread_rwlock_rdlock(&store->lock);
	if ((slot = keytable_by_spki(&store->table, spki_sha256)) != NULL)
		*view = (struct view){ slot->handle, slot->copy };
	pthread_rwlock_unlock(&store->lock);
	return slot != NULL;
}

static void
put(struct keystore *store, const unsigned char *spki_sha256, const struct view *view)
{
	struct keytable_slot *slot;

	pthread_rwlock_wrlock(&store->lock);
	if ((slot = keytable_by_spki(&store->table, spki_sha256)) != NULL) {
		slot->handle = view->original;
		slot->copy = view->copy;
	}
	pthread_rwlock_unlock(&store->lock);
}

/* The session that all copies belong to; every session of the process can use them. */
static CK_RV
open_holder(struct copies *copies, const struct token *token)
{
	if (copies->holder != CK_INVALID_HANDLE)
		return CKR_OK;
	return token->functions->C_OpenSession(token->slot_id,
	    CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &copies->holder);
}

static void
close_holder(struct copies *copies, const struct token *token)
{
	if (copies->holder != CK_INVALID_HANDLE)
		token->functions->C_CloseSession(copies->holder);
	copies->holder = CK_INVALID_HANDLE;
}

/* The handles are locked for writing. */
static void
destroy(struct keystore *store, struct keytable_copy *copy)
{
	if (copy->handle == CK_INVALID_HANDLE)
		return;
	store->token->functions->C_DestroyObject(store->copies.holder, copy->handle);
	store->copies.count--;
	*copy = (struct keytable_copy){ .handle = CK_INVALID_HANDLE };
}

/* All copies that were due before then, or, with INT64_MAX, all. */
static void
sweep(struct keystore *store, int64_t due_before_ms)
{
	pthread_rwlock_wrlock(&store->handles);
	pthread_rwlock_wrlock(&store->lock);
	for (size_t i = 0; i < store->table.buckets; i++)
		for (struct keytable_slot *slot = store->table.by_spki[i]; slot != NULL;
		     slot = slot->next_by_spki)
			if (slot->copy.due_ms < due_before_ms)
				destroy(store, &slot->copy);
	pthread_rwlock_unlock(&store->lock);
	pthread_rwlock_unlock(&store->handles);
}

/* Some tokens cannot copy, and some keys must not be copied: that is said once. */
static void
note_refusal(struct copies *copies, CK_RV rv)
{
	char quoted[LOG_QUOTED_MAX];
	struct error why;

	if (copies->refusal_is_known)
		return;
	copies->refusal_is_known = true;
	ckr_error(&why, rv, "C_CopyObject");
	log_info("key.uncopied", "why=\"%s\"", log_quoted(quoted, why.text));
}

static void
make(struct keystore *store, struct view *view, int64_t now_ms)
{
	const struct token *token = store->token;
	struct copies *copies = &store->copies;
	CK_BBOOL no = CK_FALSE;
	CK_ATTRIBUTE session_object = { CKA_TOKEN, &no, sizeof(no) };
	CK_RV rv = open_holder(copies, token);

	if (rv == CKR_OK)
		rv = token->functions->C_CopyObject(copies->holder, view->original,
		    &session_object, 1, &view->copy.handle);
	if (rv == CKR_OK) {
		copies->count++;
		view->copy.due_ms = now_ms + COPIES_LOOK_MS;
		return;
	}
	view->copy = (struct keytable_copy){ CK_INVALID_HANDLE, now_ms + COPIES_IDLE_MS };
	if (ckr_class(rv) == CKR_CLASS_SESSION) {
		/* The session has ended, and its copies with it. */
		sweep(store, INT64_MAX);
		close_holder(copies, token);
		view->copy.due_ms = now_ms;
	} else {
		note_refusal(copies, rv);
	}
}

/* Any attribute will do. */
static bool
is_on_token(const struct keystore *store, CK_OBJECT_HANDLE original)
{
	CK_OBJECT_CLASS class;
	CK_ATTRIBUTE attribute = { CKA_CLASS, &class, sizeof(class) };
	CK_RV rv = store->token->functions->C_GetAttributeValue(
	    store->copies.holder, original, &attribute, 1);

	return ckr_class(rv) != CKR_CLASS_LOGIN;
}

/* A key with a copy: the copy stays, or goes. */
static void
look_after(struct keystore *store, struct view *view, bool copy_failed, int64_t now_ms)
{
	bool is_there = is_on_token(store, view->original);

	view->copy.due_ms = now_ms + COPIES_LOOK_MS;
	if (is_there && !copy_failed)
		return;
	pthread_rwlock_wrlock(&store->handles);
	destroy(store, &view->copy);
	pthread_rwlock_unlock(&store->handles);
	if (!is_there)
		view->original = CK_INVALID_HANDLE;
}

static bool
has_room(struct keystore *store, int64_t now_ms)
{
	if (store->copies.count < store->token->session_copies)
		return true;
	if (now_ms >= store->copies.sweep_ms) {
		store->copies.sweep_ms = now_ms + COPIES_LOOK_MS;
		sweep(store, now_ms - COPIES_IDLE_MS);
	}
	return store->copies.count < store->token->session_copies;
}

void
copies_tend(struct keystore *store, const unsigned char *spki_sha256, bool copy_failed)
{
	int64_t now_ms = clock_mono_ms();
	struct view view;

	/* Another thread sees to it, or makes a key, which may take seconds. */
	if (pthread_mutex_trylock(&store->writer) != 0)
		return;
	if (!look_up(store, spki_sha256, &view) || view.original == CK_INVALID_HANDLE ||
	    (now_ms < view.copy.due_ms && !copy_failed))
		goto out;
	if (view.copy.handle != CK_INVALID_HANDLE)
		look_after(store, &view, copy_failed, now_ms);
	else if (has_room(store, now_ms))
		make(store, &view, now_ms);
	else
		view.copy.due_ms = now_ms + COPIES_LOOK_MS;
	put(store, spki_sha256, &view);
out:
	pthread_mutex_unlock(&store->writer);
}

void
copies_drop(struct keystore *store, const unsigned char *spki_sha256)
{
	struct keytable_slot *slot;

	pthread_rwlock_wrlock(&store->lock);
	if ((slot = keytable_by_spki(&store->table, spki_sha256)) != NULL)
		destroy(store, &slot->copy);
	pthread_rwlock_unlock(&store->lock);
}

void
copies_close(struct keystore *store)
{
	close_holder(&store->copies, store->token);
}
