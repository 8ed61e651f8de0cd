/*
 * keytable.h - the keys in use, found by name, by the SHA-256 of their SPKI, or by
 * CKA_ID.
 *
 * Not locked: its owner is (keystore_state.h).
 */
#ifndef PKCS11_KEYTABLE_H
#define PKCS11_KEYTABLE_H

#include <stddef.h>

#include "pkcs11/keystore.h"

/* A session object that stands for a key (copies.h). */
struct keytable_copy {
	CK_OBJECT_HANDLE handle; /* CK_INVALID_HANDLE: there is none */
	int64_t due_ms;          /* when to look at it again, of clock_mono_ms */
};

struct keytable_slot {
	struct keystore_key key;
	CK_OBJECT_HANDLE handle; /* CK_INVALID_HANDLE while the token does not have it */
	struct keytable_copy copy;
	bool is_guest;           /* at home on another token; this one may have it, too */
	bool is_seen;            /* a guest: this token has, or had it */
	int64_t absent_until_ms; /* one that is not: looked for again, of clock_mono_ms */
	struct keytable_slot *next_by_name, *next_by_spki, *next_by_id;
};

struct keytable {
	struct keytable_slot **by_name, **by_spki, **by_id;
	size_t buckets; /* a power of two, or 0 */
	size_t count, guests;
};

void keytable_clear(struct keytable *table);

/* -1 when out of memory. The slot belongs to the table. */
int keytable_add(
    struct keytable *table, const struct keystore_key *key, CK_OBJECT_HANDLE handle);
int keytable_add_guest(struct keytable *table, const struct keystore_key *key);
void keytable_remove(struct keytable *table, const unsigned char *spki_sha256);

/* The current key of this name. */
struct keytable_slot *keytable_by_name(const struct keytable *table, const char *name);
struct keytable_slot *
keytable_by_spki(const struct keytable *table, const unsigned char *spki_sha256);

/* The key that is this object on the token, whatever its hash; no guest. */
struct keytable_slot *
keytable_by_id(const struct keytable *table, const struct object_id *id);

/* The next guest with this CKA_ID: another key of this token's own may have it as well.
 */
struct keytable_slot *keytable_guest_by_id(const struct keytable *table,
    const struct object_id *id, const struct keytable_slot *after);

#endif
