/* keytable.c - three hash tables over the same slots. */
#include "pkcs11/keytable.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BUCKETS 64

/* FNV-1a; names and CKA_IDs come from whoever may create keys, not from the network. */
static size_t
hash_bytes(const void *data, size_t len)
{
	uint64_t hash = 14695981039346656037u;

	for (const unsigned char *p = data; len > 0; p++, len--)
		hash = (hash ^ *p) * 1099511628211u;
	return (size_t)hash;
}

static size_t
hash_spki(const unsigned char *spki_sha256)
{
	size_t hash;

	memcpy(&hash, spki_sha256, sizeof(hash));
	return hash;
}

static struct keytable_slot **
name_bucket(const struct keytable *table, const char *name)
{
	return &table->by_name[hash_bytes(name, strlen(name)) & (table->buckets - 1)];
}

static struct keytable_slot **
spki_bucket(const struct keytable *table, const unsigned char *spki_sha256)
{
	return &table->by_spki[hash_spki(spki_sha256) & (table->buckets - 1)];
}

static struct keytable_slot **
id_bucket(const struct keytable *table, const struct object_id *id)
{
	return &table->by_id[hash_bytes(id->data, id->len) & (table->buckets - 1)];
}

static void
link_slot(struct keytable *table, struct keytable_slot *slot)
{
	struct keytable_slot **name = name_bucket(table, slot->key.key.name);
	struct keytable_slot **spki = spki_bucket(table, slot->key.key.spki_sha256);
	struct keytable_slot **id = id_bucket(table, &slot->key.id);

	slot->next_by_name = *name;
	*name = slot;
	slot->next_by_spki = *spki;
	*spki = slot;
	slot->next_by_id = *id;
	*id = slot;
}

static void
free_buckets(struct keytable *table)
{
	free(table->by_name);
	free(table->by_spki);
	free(table->by_id);
}

static int
grow(struct keytable *table)
{
	struct keytable bigger = {
		.buckets = table->buckets ? table->buckets * 2 : FIRST_BUCKETS,
		.count = table->count,
		.guests = table->guests,
	};

	if (table->count < table->buckets)
		return 0;
	bigger.by_name = calloc(bigger.buckets, sizeof(*bigger.by_name));
	bigger.by_spki = calloc(bigger.buckets, sizeof(*bigger.by_spki));
	bigger.by_id = calloc(bigger.buckets, sizeof(*bigger.by_id));
	if (bigger.by_name == NULL || bigger.by_spki == NULL || bigger.by_id == NULL) {
		free_buckets(&bigger);
		return -1;
	}
	for (size_t i = 0; i < table->buckets; i++) {
		struct keytable_slot *next;

		for (struct keytable_slot *slot = table->by_name[i]; slot != NULL;
		     slot = next) {
			next = slot->next_by_name;
			link_slot(&bigger, slot);
		}
	}
	free_buckets(table);
	*table = bigger;
	return 0;
}

static struct keytable_slot *
add(struct keytable *table, const struct keystore_key *key, CK_OBJECT_HANDLE handle)
{
	struct keytable_slot *slot = calloc(1, sizeof(*slot));

	if (slot == NULL || grow(table) != 0) {
		free(slot);
		return NULL;
	}
	slot->key = *key;
	slot->handle = handle;
	slot->copy.handle = CK_INVALID_HANDLE;
	link_slot(table, slot);
	table->count++;
	return slot;
}

int
keytable_add(
    struct keytable *table, const struct keystore_key *key, CK_OBJECT_HANDLE handle)
{
	return add(table, key, handle) != NULL ? 0 : -1;
}

int
keytable_add_guest(struct keytable *table, const struct keystore_key *key)
{
	struct keytable_slot *slot = add(table, key, CK_INVALID_HANDLE);

	if (slot == NULL)
		return -1;
	slot->is_guest = true;
	table->guests++;
	return 0;
}

struct keytable_slot *
keytable_by_name(const struct keytable *table, const char *name)
{
	struct keytable_slot *slot = table->buckets ? *name_bucket(table, name) : NULL;

	while (slot != NULL &&
	       (slot->key.replaced != 0 || strcmp(slot->key.key.name, name) != 0))
		slot = slot->next_by_name;
	return slot;
}

struct keytable_slot *
keytable_by_spki(const struct keytable *table, const unsigned char *spki_sha256)
{
	struct keytable_slot *slot =
	    table->buckets ? *spki_bucket(table, spki_sha256) : NULL;

	while (slot != NULL &&
	       memcmp(slot->key.key.spki_sha256, spki_sha256, KEY_SHA256_SIZE) != 0)
		slot = slot->next_by_spki;
	return slot;
}

/* From slot on. */
static struct keytable_slot *
find_id(struct keytable_slot *slot, const struct object_id *id, bool is_guest)
{
	while (
	    slot != NULL && (slot->is_guest != is_guest || slot->key.id.len != id->len ||
				memcmp(slot->key.id.data, id->data, id->len) != 0))
		slot = slot->next_by_id;
	return slot;
}

struct keytable_slot *
keytable_by_id(const struct keytable *table, const struct object_id *id)
{
	return table->buckets ? find_id(*id_bucket(table, id), id, false) : NULL;
}

struct keytable_slot *
keytable_guest_by_id(const struct keytable *table, const struct object_id *id,
    const struct keytable_slot *after)
{
	if (after != NULL)
		return find_id(after->next_by_id, id, true);
	return table->buckets ? find_id(*id_bucket(table, id), id, true) : NULL;
}

void
keytable_remove(struct keytable *table, const unsigned char *spki_sha256)
{
	struct keytable_slot *slot = keytable_by_spki(table, spki_sha256), **at;

	if (slot == NULL)
		return;
	for (at = name_bucket(table, slot->key.key.name); *at != slot;
	     at = &(*at)->next_by_name)
		continue;
	*at = slot->next_by_name;
	for (at = spki_bucket(table, spki_sha256); *at != slot; at = &(*at)->next_by_spki)
		continue;
	*at = slot->next_by_spki;
	for (at = id_bucket(table, &slot->key.id); *at != slot; at = &(*at)->next_by_id)
		continue;
	*at = slot->next_by_id;
	table->count--;
	table->guests -= slot->is_guest;
	free(slot);
}

void
keytable_clear(struct keytable *table)
{
	for (size_t i = 0; i < table->buckets; i++) {
		struct keytable_slot *next;

		for (struct keytable_slot *slot = table->by_name[i]; slot != NULL;
		     slot = next) {
			next = slot->next_by_name;
			free(slot);
		}
	}
	free_buckets(table);
	*table = (struct keytable){ 0 };
}
