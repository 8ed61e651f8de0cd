/*
 * keystore_entry.c - who may be in the token: many who use it, one who writes, and nobody
 * while it is begun anew.
 */
#include "pkcs11/keystore_state.h"

#include "base/deadline.h"
#include "pkcs11/copies.h"
#include "pkcs11/recovery.h"
#include "pkcs11/session.h"

/* Keys are made one after the other, and an RSA key takes seconds. */
#define WRITER_WAIT_MS 30000

int
keystore_lock_for_use(struct keystore *store, struct error *err)
{
	struct timespec deadline;

	if (pthread_rwlock_tryrdlock(&store->handles) == 0)
		return 0;
	deadline = deadline_in(store->wait_ms);
	if (pthread_rwlock_clockrdlock(&store->handles, DEADLINE_CLOCK, &deadline) == 0)
		return 0;
	return error_set(err, ERROR_BUSY, "the token is being seen to");
}

int
keystore_lock_handles(struct keystore *store, int wait_ms, struct error *err)
{
	struct timespec deadline = deadline_in(wait_ms);

	if (pthread_rwlock_clockwrlock(&store->handles, DEADLINE_CLOCK, &deadline) == 0)
		return 0;
	return error_set(err, ERROR_BUSY, "a call to the token takes too long");
}

static int
lock_writer(struct keystore *store, int wait_ms, struct error *err)
{
	struct timespec deadline = deadline_in(wait_ms);

	if (pthread_mutex_clocklock(&store->writer, DEADLINE_CLOCK, &deadline) == 0)
		return 0;
	return error_set(err, ERROR_BUSY, "another change of the token is in progress");
}

static int
attempt(struct keystore *store, const struct keystore_work *work, struct error *err)
{
	int rc;

	if (work->writes) {
		if (lock_writer(store, WRITER_WAIT_MS, err) != 0)
			return -1;
		rc = work->run(store, work->ctx, err);
		pthread_mutex_unlock(&store->writer);
		return rc;
	}
	if (keystore_lock_for_use(store, err) != 0)
		return -1;
	rc = work->run(store, work->ctx, err);
	pthread_rwlock_unlock(&store->handles);
	return rc;
}

int
keystore_work(struct keystore *store, const struct keystore_work *work, struct error *err)
{
	struct error why;

	if (err == NULL)
		err = &why;
	if (recovery_admit(store->recovery, err) != 0)
		return -1;
	if (attempt(store, work, err) == 0)
		return 0;
	/* What may have made something is not tried twice. */
	if (work->hurries || (work->makes && err->code != ERROR_LOGGED_OUT)) {
		recovery_note(store->recovery, err);
		return -1;
	}
	if (!recovery_helped(store->recovery, err))
		return -1;
	return attempt(store, work, err);
}

int
keystore_lock_out(struct keystore *store, int wait_ms, struct error *err)
{
	if (lock_writer(store, wait_ms, err) != 0)
		return -1;
	if (keystore_lock_handles(store, store->wait_ms, err) == 0)
		return 0;
	pthread_mutex_unlock(&store->writer);
	return -1;
}

void
keystore_let_in(struct keystore *store)
{
	pthread_rwlock_unlock(&store->handles);
	pthread_mutex_unlock(&store->writer);
}

void
keystore_forget_handles(struct keystore *store)
{
	pthread_rwlock_wrlock(&store->lock);
	for (size_t i = 0; i < store->table.buckets; i++)
		for (struct keytable_slot *slot = store->table.by_spki[i]; slot != NULL;
		     slot = slot->next_by_spki) {
			slot->handle = CK_INVALID_HANDLE;
			slot->copy = (struct keytable_copy){ CK_INVALID_HANDLE, 0 };
		}
	store->newcomer = (struct newcomer){ 0 };
	pthread_rwlock_unlock(&store->lock);
	keystore_drop_list(store);
	copies_forget(store);
}

int
keystore_touch(struct keystore *store, struct error *err)
{
	int rc;

	copies_touch(store);
	if (keystore_lock_for_use(store, err) != 0)
		return -1;
	rc = token_touch(store->token, err);
	pthread_rwlock_unlock(&store->handles);
	return rc;
}
