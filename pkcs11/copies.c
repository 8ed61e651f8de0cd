/*
 * copies.c - made, looked after, and given up.
 *
 * With the writer locked nobody destroys a key of ours, so its handle stays what it is.
 * A copy is taken out of the table and destroyed with the handles locked for writing, so
 * that nobody signs with it meanwhile.
 */
#include "pkcs11/copies.h"

#include "base/clock.h"
#include "base/log.h"
#include "pkcs11/ckr.h"
#include "pkcs11/object.h"
#include "pkcs11/session.h"

#define SWEEP_AT_ONCE 64
#define PATIENCE_MS   20 /* with who is in a call: nobody new comes in meanwhile */

/* The session that all copies belong to; every session of the process can use them. */
static CK_RV
open_holder(struct copies *copies, const struct token *token)
{
	if (copies->holder != CK_INVALID_HANDLE)
		return CKR_OK;
	return session_open(token->sessions, &copies->holder);
}

static void
close_holder(struct copies *copies, const struct token *token)
{
	if (copies->holder != CK_INVALID_HANDLE)
		session_close(token->sessions, copies->holder);
	copies->holder = CK_INVALID_HANDLE;
}

static bool
holder_lives(const struct keystore *store)
{
	CK_SESSION_INFO info;

	return store->token->functions->C_GetSessionInfo(store->copies.holder, &info) ==
	       CKR_OK;
}

/* Said once: some tokens cannot copy, and some keys must not be copied. */
static void
note(struct copies *copies, const char *why)
{
	char quoted[LOG_QUOTED_MAX];

	if (!copies->trouble_is_known)
		log_info("key.uncopied", "why=\"%s\"", log_quoted(quoted, why));
	copies->trouble_is_known = true;
}

static void
set_copy(struct keystore *store, const unsigned char *spki_sha256,
    CK_OBJECT_HANDLE handle, int64_t due_ms)
{
	struct keytable_slot *slot;

	pthread_rwlock_wrlock(&store->lock);
	if ((slot = keytable_by_spki(&store->table, spki_sha256)) != NULL)
		slot->copy = (struct keytable_copy){ handle, due_ms };
	pthread_rwlock_unlock(&store->lock);
}

/* Out of the table, all those that were due before then, as far as there is room. */
static size_t
take_out(
    struct keystore *store, int64_t due_before_ms, CK_OBJECT_HANDLE *taken, size_t max)
{
	size_t count = 0;

	pthread_rwlock_wrlock(&store->lock);
	for (size_t i = 0; i < store->table.buckets; i++)
		for (struct keytable_slot *slot = store->table.by_spki[i];
		     slot != NULL && count < max; slot = slot->next_by_spki) {
			if (slot->copy.handle == CK_INVALID_HANDLE ||
			    slot->copy.due_ms >= due_before_ms)
				continue;
			taken[count++] = slot->copy.handle;
			slot->copy = (struct keytable_copy){ CK_INVALID_HANDLE, 0 };
		}
	pthread_rwlock_unlock(&store->lock);
	return count;
}

/* Their session ends, and all copies with it. Handles are locked for writing. */
static void
end_all(struct keystore *store)
{
	CK_OBJECT_HANDLE taken[SWEEP_AT_ONCE];

	while (take_out(store, INT64_MAX, taken, SWEEP_AT_ONCE) > 0)
		continue;
	store->copies.count = 0;
	store->copies.are_left = false;
	close_holder(&store->copies, store->token);
}

/* One that is out of the table. What cannot be destroyed ends with its session. */
static void
destroy(struct keystore *store, CK_OBJECT_HANDLE copy)
{
	CK_RV rv;

	if (copy == CK_INVALID_HANDLE || store->copies.holder == CK_INVALID_HANDLE)
		return;
	rv = store->token->functions->C_DestroyObject(store->copies.holder, copy);
	store->copies.count--;
	if (rv != CKR_OK && rv != CKR_OBJECT_HANDLE_INVALID)
		end_all(store);
}

/* A token may not do as it was told: a copy is no twin on the token, and stays inside.
 * *is_other: this one is not so; -1 without a verdict. */
static int
check_made(const struct keystore *store, CK_OBJECT_HANDLE copy, bool *is_other,
    struct error *err)
{
	CK_FUNCTION_LIST *functions = store->token->functions;
	CK_SESSION_HANDLE holder = store->copies.holder;
	CK_BBOOL on_token, sensitive, extractable;

	if (object_read_bool(functions, holder, copy, CKA_TOKEN, &on_token, err) != 0 ||
	    object_read_bool(functions, holder, copy, CKA_SENSITIVE, &sensitive, err) !=
		0 ||
	    object_read_bool(
		functions, holder, copy, CKA_EXTRACTABLE, &extractable, err) != 0)
		return -1;
	*is_other = on_token || !sensitive || extractable;
	return 0;
}

/* Copies that are others than they should be are not made any more. */
static bool
is_as_told(struct keystore *store, CK_OBJECT_HANDLE copy)
{
	bool is_other = false;
	struct error why;
	int rc = check_made(store, copy, &is_other, &why);

	if (rc == 0 && !is_other)
		return true;
	store->token->functions->C_DestroyObject(store->copies.holder, copy);
	store->copies.given_up = is_other;
	note(&store->copies, rc != 0 ? why.text
				     : "this token's copies are not sensitive, "
				       "unextractable session objects");
	return false;
}

static void
make(struct keystore *store, const unsigned char *spki_sha256, CK_OBJECT_HANDLE original,
    int64_t now_ms)
{
	const struct token *token = store->token;
	struct copies *copies = &store->copies;
	CK_BBOOL no = CK_FALSE;
	CK_ATTRIBUTE session_object = { CKA_TOKEN, &no, sizeof(no) };
	CK_OBJECT_HANDLE copy;
	struct error why;
	CK_RV rv = open_holder(copies, token);

	if (rv == CKR_OK)
		rv = token->functions->C_CopyObject(
		    copies->holder, original, &session_object, 1, &copy);
	if (rv != CKR_OK) {
		ckr_error(&why, rv, "C_CopyObject");
		note(copies, why.text);
		set_copy(store, spki_sha256, CK_INVALID_HANDLE, now_ms + COPIES_IDLE_MS);
	} else if (!is_as_told(store, copy)) {
		set_copy(store, spki_sha256, CK_INVALID_HANDLE, now_ms + COPIES_IDLE_MS);
	} else {
		copies->count++;
		set_copy(store, spki_sha256, copy, now_ms + COPIES_LOOK_MS);
	}
}

/* Makes room of copies that nobody has used for long. */
static bool
has_room(struct keystore *store, int64_t now_ms)
{
	CK_OBJECT_HANDLE idle[SWEEP_AT_ONCE];
	size_t count;

	if (store->copies.count < store->token->session_copies)
		return true;
	if (now_ms < store->copies.sweep_ms)
		return false;
	store->copies.sweep_ms = now_ms + COPIES_LOOK_MS;
	if (keystore_lock_handles(store, PATIENCE_MS, NULL) != 0)
		return false;
	if (store->copies.are_left)
		end_all(store);
	count = take_out(store, now_ms - COPIES_IDLE_MS, idle, SWEEP_AT_ONCE);
	for (size_t i = 0; i < count; i++)
		destroy(store, idle[i]);
	pthread_rwlock_unlock(&store->handles);
	return store->copies.count < store->token->session_copies;
}

/* It failed, or its key did: it goes. Where somebody is in a long call it signs no more,
 * and is destroyed later, with all others. */
static void
drop(struct keystore *store, const unsigned char *spki_sha256, CK_OBJECT_HANDLE copy,
    int64_t due_ms)
{
	if (keystore_lock_handles(store, PATIENCE_MS, NULL) != 0) {
		set_copy(store, spki_sha256, CK_INVALID_HANDLE, due_ms);
		store->copies.are_left = true;
		return;
	}
	if (holder_lives(store)) {
		set_copy(store, spki_sha256, CK_INVALID_HANDLE, due_ms);
		destroy(store, copy);
	} else {
		end_all(store);
	}
	pthread_rwlock_unlock(&store->handles);
}

static void
tend(struct keystore *store, const unsigned char *spki_sha256,
    const struct copies_news *news, const struct keytable_slot *slot, int64_t now_ms)
{
	CK_OBJECT_HANDLE copy = slot->copy.handle;

	if (news->failed_copy != CK_INVALID_HANDLE) {
		/* Another thread may have seen to that one already. */
		if (copy != news->failed_copy)
			return;
		note(&store->copies, "a copy did not sign");
		drop(store, spki_sha256, copy, now_ms + COPIES_IDLE_MS);
	} else if (now_ms < slot->copy.due_ms) {
		return;
	} else if (copy != CK_INVALID_HANDLE && !news->key_signed) {
		drop(store, spki_sha256, copy, now_ms + COPIES_LOOK_MS);
	} else if (copy != CK_INVALID_HANDLE) {
		set_copy(store, spki_sha256, copy, now_ms + COPIES_LOOK_MS);
	} else if (news->key_signed && slot->handle != CK_INVALID_HANDLE &&
		   has_room(store, now_ms)) {
		make(store, spki_sha256, slot->handle, now_ms);
	} else {
		set_copy(store, spki_sha256, CK_INVALID_HANDLE, now_ms + COPIES_LOOK_MS);
	}
}

static bool
look_up(
    struct keystore *store, const unsigned char *spki_sha256, struct keytable_slot *out)
{
	const struct keytable_slot *slot;

	pthread_rwlock_rdlock(&store->lock);
	if ((slot = keytable_by_spki(&store->table, spki_sha256)) != NULL)
		*out = *slot;
	pthread_rwlock_unlock(&store->lock);
	return slot != NULL;
}

void
copies_tend(struct keystore *store, const unsigned char *spki_sha256,
    const struct copies_news *news)
{
	struct keytable_slot slot;

	if (store->token->session_copies == 0)
		return;
	/* Another thread sees to it, or makes a key, which may take seconds. */
	if (pthread_mutex_trylock(&store->writer) != 0)
		return;
	atomic_store(&store->copying_since_ms, clock_mono_ms());
	if (!store->copies.given_up && look_up(store, spki_sha256, &slot))
		tend(store, spki_sha256, news, &slot, clock_mono_ms());
	atomic_store(&store->copying_since_ms, 0);
	pthread_mutex_unlock(&store->writer);
}

void
copies_drop(struct keystore *store, const unsigned char *spki_sha256)
{
	const struct keytable_slot *slot;
	CK_OBJECT_HANDLE copy = CK_INVALID_HANDLE;

	pthread_rwlock_rdlock(&store->lock);
	if ((slot = keytable_by_spki(&store->table, spki_sha256)) != NULL)
		copy = slot->copy.handle;
	pthread_rwlock_unlock(&store->lock);
	set_copy(store, spki_sha256, CK_INVALID_HANDLE, 0);
	atomic_store(&store->copying_since_ms, clock_mono_ms());
	if (store->copies.are_left)
		end_all(store);
	else
		destroy(store, copy);
	atomic_store(&store->copying_since_ms, 0);
}

void
copies_touch(struct keystore *store)
{
	if (pthread_mutex_trylock(&store->writer) != 0)
		return;
	atomic_store(&store->copying_since_ms, clock_mono_ms());
	if (store->copies.holder != CK_INVALID_HANDLE && !holder_lives(store) &&
	    keystore_lock_handles(store, PATIENCE_MS, NULL) == 0) {
		end_all(store);
		pthread_rwlock_unlock(&store->handles);
	}
	atomic_store(&store->copying_since_ms, 0);
	pthread_mutex_unlock(&store->writer);
}

void
copies_forget(struct keystore *store)
{
	store->copies.holder = CK_INVALID_HANDLE;
	store->copies.count = 0;
	store->copies.are_left = false;
}

void
copies_close(struct keystore *store)
{
	close_holder(&store->copies, store->token);
}
