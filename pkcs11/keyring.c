/* keyring.c - each key at home in one keystore, and a guest in the others. */
#include "pkcs11/keyring_state.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

int
keyring_new(struct keystore *const *stores, size_t count, struct keyring **ring,
    struct error *err)
{
	struct keyring *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	r->count = count;
	memcpy(r->stores, stores, count * sizeof(stores[0]));
	*ring = r;
	return 0;
}

void
keyring_free(struct keyring *ring)
{
	if (ring == NULL)
		return;
	for (size_t i = 0; i < ring->count; i++)
		keystore_free(ring->stores[i]);
	free(ring);
}

size_t
keyring_tokens(const struct keyring *ring)
{
	return ring->count;
}

struct keystore *
keyring_store(const struct keyring *ring, size_t index)
{
	return ring->stores[index];
}

static struct keystore *
find_store(const struct keyring *ring, const char *name)
{
	for (size_t i = 0; i < ring->count; i++)
		if (strcmp(keystore_token(ring->stores[i])->name, name) == 0)
			return ring->stores[i];
	return NULL;
}

int
keyring_find_token(const struct keyring *ring, const char *name, struct keystore **store,
    struct error *err)
{
	*store = name == NULL ? ring->stores[0] : find_store(ring, name);
	if (*store == NULL)
		return error_set(
		    err, ERROR_NOT_FOUND, "no token is named \"%.64s\"", name);
	return 0;
}

struct keystore *
keyring_home(const struct keyring *ring, const struct keystore_key *key)
{
	return ring->count == 1 ? ring->stores[0] : find_store(ring, key->token);
}

int
keyring_lacks_home(const struct keystore_key *key, struct error *err)
{
	return error_set(err, ERROR_TOKEN,
	    "token %s, where key %s is at home, is not in the configuration", key->token,
	    key->key.name);
}

void
keyring_list(
    struct keyring *ring, void (*visit)(struct keystore *store, const struct error *why))
{
	struct error why;

	for (size_t i = 0; i < ring->count; i++)
		if (keystore_list(ring->stores[i], &why) != 0)
			visit(ring->stores[i], &why);
}

void
keyring_unlist(struct keyring *ring)
{
	for (size_t i = 0; i < ring->count; i++)
		if (!keystore_unlist(ring->stores[i]) &&
		    !keystore_is_away(ring->stores[i]))
			keystore_seek_guests(ring->stores[i], NULL);
}

static int
add_guests(struct keyring *ring, const struct keystore *home,
    const struct keystore_key *key, struct error *err)
{
	for (size_t i = 0; i < ring->count; i++)
		if (ring->stores[i] != home &&
		    keystore_add_guest(ring->stores[i], key, err) != 0)
			return -1;
	return 0;
}

int
keyring_add(struct keyring *ring, const struct keystore_key *key, bool *on_token,
    struct error *err)
{
	struct keystore *home = keyring_home(ring, key);
	struct keystore_key own = *key;
	struct error why;

	*on_token = false;
	if (home == NULL)
		keyring_lacks_home(key, err);
	else
		memcpy(own.token, keystore_token(home)->name, sizeof(own.token));
	if (home != NULL && keystore_add(home, &own, on_token, err) != 0)
		return -1;
	if (add_guests(ring, home, &own, &why) == 0)
		return 0;
	keyring_forget(ring, key);
	return error_set(err, why.code, "%s", why.text);
}

int
keyring_generate(struct keyring *ring, const struct keyring_place *place,
    enum key_type type, struct keystore_key *key, struct error *err)
{
	struct keystore *store;

	key->id.len = 0;
	if (keyring_find_token(ring, place->token, &store, err) != 0)
		return -1;
	return keystore_generate(store, place->name, type, place->use, key, err);
}

int
keyring_adopt(struct keyring *ring, const struct keyring_place *place,
    enum key_family rsa_family, struct keystore_key *key, struct error *err)
{
	struct keystore *store;

	if (keyring_find_token(ring, place->token, &store, err) != 0)
		return -1;
	return keystore_adopt(store, place->name, place->use, rsa_family, key, err);
}

int
keyring_generate_next(struct keyring *ring, const char *name, enum key_type type,
    struct keystore_key *next, struct error *err)
{
	struct keystore_key current;
	struct keystore *home;

	next->id.len = 0;
	if (keyring_find(ring, name, &current, err) != 0)
		return -1;
	if ((home = keyring_home(ring, &current)) == NULL)
		return keyring_lacks_home(&current, err);
	return keystore_generate_next(home, name, type, next, err);
}

void
keyring_promote(
    struct keyring *ring, const struct keystore_key *old, const struct keystore_key *next)
{
	for (size_t i = 0; i < ring->count; i++)
		keystore_promote(ring->stores[i], old, next);
}

/* What has the key must work, before the first is destroyed. */
static int
check_may_destroy(
    struct keystore *other, const struct keystore_key *key, struct error *err)
{
	struct error why;

	if (!keystore_has_seen(other, key->key.spki_sha256) ||
	    keystore_check(other, &why) == 0)
		return 0;
	return error_set(err, ERROR_AWAY,
	    "token %s, which has key %s too, is away: nothing was destroyed",
	    keystore_token(other)->name, key->key.name);
}

/* Of a token that was never seen to have the key it is no concern that it is away. */
static int
destroy_guest(struct keystore *other, const struct keystore_key *key, struct error *err)
{
	struct error why;

	if (!keystore_is_away(other)) {
		if (keystore_destroy_guest(other, key, &why) == 0)
			return 0;
		if (!keystore_is_away(other))
			return error_set(err, why.code,
			    "token %s may have key %s too; destroy it again: %s",
			    keystore_token(other)->name, key->key.name, why.text);
	}
	if (keystore_has_seen(other, key->key.spki_sha256))
		return error_set(err, ERROR_AWAY,
		    "token %s, which has key %s too, is away: destroy it again",
		    keystore_token(other)->name, key->key.name);
	log_info("key.unsought", "key=%s token=%s", key->key.name,
	    keystore_token(other)->name);
	return 0;
}

int
keyring_destroy(struct keyring *ring, const struct keystore_key *key, struct error *err)
{
	struct keystore *home = keyring_home(ring, key);

	if (home == NULL)
		return keyring_lacks_home(key, err);
	for (size_t i = 0; i < ring->count; i++)
		if (ring->stores[i] != home &&
		    check_may_destroy(ring->stores[i], key, err) != 0)
			return -1;
	if (keystore_destroy(home, key, err) != 0)
		return -1;
	for (size_t i = 0; i < ring->count; i++)
		if (ring->stores[i] != home &&
		    destroy_guest(ring->stores[i], key, err) != 0)
			return -1;
	return 0;
}

void
keyring_forget(struct keyring *ring, const struct keystore_key *key)
{
	for (size_t i = 0; i < ring->count; i++)
		keystore_forget(ring->stores[i], key);
}

int
keyring_put_certificate(struct keyring *ring, const struct keystore_key *key,
    const struct certificate_parts *parts, struct error *err)
{
	struct keystore *home = keyring_home(ring, key);

	if (home == NULL)
		return keyring_lacks_home(key, err);
	return keystore_put_certificate(home, key, parts, err);
}

/* Each keystore knows all of them. */
int
keyring_find(struct keyring *ring, const char *name_or_spki, struct keystore_key *key,
    struct error *err)
{
	return keystore_find(ring->stores[0], name_or_spki, key, err);
}

int
keyring_find_spki(struct keyring *ring, const unsigned char *spki_sha256,
    struct keystore_key *key, struct error *err)
{
	return keystore_find_spki(ring->stores[0], spki_sha256, key, err);
}

size_t
keyring_count(struct keyring *ring)
{
	return keystore_use(ring->stores[0]).known;
}

int
keyring_check(struct keyring *ring, struct error *err)
{
	struct error why;

	if (keystore_check(ring->stores[0], err) == 0)
		return 0;
	for (size_t i = 1; i < ring->count; i++)
		if (keystore_check(ring->stores[i], &why) == 0)
			return 0;
	return -1;
}

bool
keyring_is_away(struct keyring *ring)
{
	for (size_t i = 0; i < ring->count; i++)
		if (keystore_is_away(ring->stores[i]))
			return true;
	return false;
}

bool
keyring_hangs(struct keyring *ring)
{
	for (size_t i = 0; i < ring->count; i++)
		if (keystore_use(ring->stores[i]).recovery.hangs)
			return true;
	return false;
}
