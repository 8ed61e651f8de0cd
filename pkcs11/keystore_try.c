/* keystore_try.c - whether the token works, by what it does. */
#include "pkcs11/generate.h"
#include "pkcs11/keystore_state.h"
#include "pkcs11/selftest.h"
#include "pkcs11/session.h"

#define TRIED_MAX 4 /* keys: one may be gone, or broken */

struct choice {
	struct keytable_slot keys[TRIED_MAX];
	size_t count;
};

/* The table is locked. Guests that were not found say nothing of the token. */
static void
choose(const struct keytable *table, bool on_token, struct choice *choice)
{
	for (size_t i = 0; choice->count < TRIED_MAX && i < table->buckets; i++)
		for (const struct keytable_slot *slot = table->by_name[i];
		     slot != NULL && choice->count < TRIED_MAX; slot = slot->next_by_name)
			if ((slot->handle != CK_INVALID_HANDLE) == on_token &&
			    (on_token || !slot->is_guest))
				choice->keys[choice->count++] = *slot;
}

static int
try_key(struct keystore *store, struct keytable_slot *slot, struct error *err)
{
	if (slot->handle == CK_INVALID_HANDLE &&
	    keystore_find_again(store, &slot->key, &slot->handle, err) != 0) {
		if (err->code == ERROR_TOKEN)
			err->code = ERROR_NOT_FOUND;
		return -1;
	}
	return token_selftest(store->token, slot->handle, &slot->key.key, err);
}

static int
try_session(struct keystore *store, struct error *err)
{
	CK_SESSION_HANDLE session;

	if (session_take_live(store->token->sessions, &session, err) != 0)
		return -1;
	session_give(store->token->sessions, session);
	return 0;
}

static bool
is_illness(enum error_code code)
{
	return code == ERROR_LOGGED_OUT || code == ERROR_AWAY;
}

/* What one key fails for, and another does not, is the key's. Else what is worst counts:
 * that a key is not there says nothing beside a token that is away. */
static int
try_each(struct keystore *store, struct choice *choice, struct error *err)
{
	struct error why;

	err->code = ERROR_NONE;
	for (size_t i = 0; i < choice->count; i++) {
		if (try_key(store, &choice->keys[i], &why) == 0)
			return 0;
		if (err->code == ERROR_NONE || err->code == ERROR_NOT_FOUND ||
		    is_illness(why.code))
			*err = why;
		if (why.code == ERROR_BUSY)
			break;
	}
	/* A mechanism that is missing is no mistake of who asks whether all is well. */
	if (err->code == ERROR_UNSUPPORTED)
		err->code = ERROR_TOKEN;
	return -1;
}

static int
try_keys(struct keystore *store, struct error *err)
{
	struct choice choice = { .count = 0 };

	pthread_rwlock_rdlock(&store->lock);
	choose(&store->table, true, &choice);
	choose(&store->table, false, &choice);
	pthread_rwlock_unlock(&store->lock);
	if (choice.count == 0)
		return try_session(store, err);
	return try_each(store, &choice, err);
}

int
keystore_try(struct keystore *store, struct error *err)
{
	int rc;

	if (keystore_lock_for_use(store, err) != 0)
		return -1;
	rc = try_keys(store, err);
	pthread_rwlock_unlock(&store->handles);
	return rc;
}
