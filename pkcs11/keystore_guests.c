/*
 * keystore_guests.c - keys that are at home on another token, where this one has them
 * too.
 *
 * A guest is found by its CKA_ID and public key. It is in nobody's way: this token may
 * have another key under the same CKA_ID.
 */
#include "pkcs11/keystore_state.h"

#include "base/clock.h"

#define ABSENT_MS 60000

int
keystore_add_guest(
    struct keystore *store, const struct keystore_key *key, struct error *err)
{
	int rc = 0;

	pthread_rwlock_wrlock(&store->lock);
	if (keytable_by_spki(&store->table, key->key.spki_sha256) != NULL)
		rc = error_set(
		    err, ERROR_CONFLICT, "key %s is in use already", key->key.name);
	else if (keytable_add_guest(&store->table, key) != 0)
		rc = error_set(err, ERROR_INTERNAL, "out of memory");
	pthread_rwlock_unlock(&store->lock);
	return rc;
}

/* Under its CKA_ID there is nothing, or another key. */
bool
keystore_is_absence(enum error_code why)
{
	return why == ERROR_NOT_FOUND || why == ERROR_CONFLICT ||
	       why == ERROR_UNSUPPORTED;
}

void
keystore_set_seen(
    struct keystore *store, const struct keystore_key *key, CK_OBJECT_HANDLE handle)
{
	struct keytable_slot *slot;

	pthread_rwlock_wrlock(&store->lock);
	if ((slot = keytable_by_spki(&store->table, key->key.spki_sha256)) != NULL) {
		slot->handle = handle;
		slot->is_seen = slot->is_guest;
	}
	pthread_rwlock_unlock(&store->lock);
}

void
keystore_set_absent(struct keystore *store, const struct keystore_key *key)
{
	struct keytable_slot *slot;

	pthread_rwlock_wrlock(&store->lock);
	slot = keytable_by_spki(&store->table, key->key.spki_sha256);
	if (slot != NULL && slot->is_guest) {
		slot->is_seen = false;
		slot->absent_until_ms = clock_mono_ms() + ABSENT_MS;
	}
	pthread_rwlock_unlock(&store->lock);
}

static bool
is_due(const struct keytable_slot *slot)
{
	return slot == NULL || !slot->is_guest || slot->is_seen ||
	       clock_mono_ms() >= slot->absent_until_ms;
}

bool
keystore_may_look(struct keystore *store, const struct keystore_key *key)
{
	bool may;

	pthread_rwlock_rdlock(&store->lock);
	may = is_due(keytable_by_spki(&store->table, key->key.spki_sha256));
	pthread_rwlock_unlock(&store->lock);
	return may;
}

bool
keystore_has_seen(struct keystore *store, const unsigned char *spki_sha256)
{
	const struct keytable_slot *slot;
	bool has;

	pthread_rwlock_rdlock(&store->lock);
	slot = keytable_by_spki(&store->table, spki_sha256);
	has = slot != NULL && slot->is_seen;
	pthread_rwlock_unlock(&store->lock);
	return has;
}

bool
keystore_uses_id(struct keystore *store, const struct object_id *id)
{
	const struct keytable_slot *slot;

	pthread_rwlock_rdlock(&store->lock);
	if ((slot = keytable_by_id(&store->table, id)) == NULL)
		do
			slot = keytable_guest_by_id(&store->table, id, slot);
		while (slot != NULL && !slot->is_seen);
	pthread_rwlock_unlock(&store->lock);
	return slot != NULL;
}

/* The n-th with this CKA_ID, copied out: the token is not called with the table locked.
 */
static bool
copy_guest(struct keystore *store, const struct object_id *id, size_t n,
    struct keystore_key *key)
{
	const struct keytable_slot *slot;

	pthread_rwlock_rdlock(&store->lock);
	slot = keytable_guest_by_id(&store->table, id, NULL);
	for (; slot != NULL && n > 0; n--)
		slot = keytable_guest_by_id(&store->table, id, slot);
	if (slot != NULL)
		*key = slot->key;
	pthread_rwlock_unlock(&store->lock);
	return slot != NULL;
}

struct seeking {
	struct keystore *store;
	const struct inventory *inventory;
	struct error *err;
	int rc;
};

static void
visit(
    void *ctx, CK_OBJECT_CLASS class, const struct object_id *id, CK_OBJECT_HANDLE object)
{
	struct seeking *s = ctx;
	struct keystore_key key;
	struct error why;

	if (class != CKO_PRIVATE_KEY)
		return;
	for (size_t n = 0; copy_guest(s->store, id, n, &key); n++)
		if (token_find_listed(
			s->store->token, s->inventory, &key.key, id, &object, &why) == 0)
			keystore_set_seen(s->store, &key, object);
		else if (!keystore_is_absence(why.code))
			s->rc = error_set(s->err, why.code, "%s", why.text);
}

int
keystore_seek_listed(
    struct keystore *store, const struct inventory *inventory, struct error *err)
{
	struct seeking seeking = { store, inventory, err, 0 };

	inventory_each(inventory, visit, &seeking);
	return seeking.rc;
}

static bool
has_guests(struct keystore *store)
{
	size_t guests;

	pthread_rwlock_rdlock(&store->lock);
	guests = store->table.guests;
	pthread_rwlock_unlock(&store->lock);
	return guests > 0;
}

int
keystore_seek_locked(struct keystore *store, struct error *err)
{
	struct inventory *own = NULL;
	int rc;

	if (!has_guests(store))
		return 0;
	if (inventory_read(store->token, &own, err) != 0)
		return -1;
	rc = keystore_seek_listed(store, own, err);
	inventory_free(own);
	return rc;
}

int
keystore_seek_guests(struct keystore *store, struct error *err)
{
	int rc;

	if (keystore_lock_for_use(store, err) != 0)
		return -1;
	rc = keystore_seek_locked(store, err);
	pthread_rwlock_unlock(&store->handles);
	return rc;
}
