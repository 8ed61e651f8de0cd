/*
 * keystore_state.h - what the files of the keystore share.
 *
 * The table's lock is held for look-ups only. Signing and decrypting hold the handles'
 * lock for reading, so that a handle cannot be destroyed, and its number given to another
 * key, between its look-up and its use; destroying waits for what is in progress.
 */
#ifndef PKCS11_KEYSTORE_STATE_H
#define PKCS11_KEYSTORE_STATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "pkcs11/generate.h"
#include "pkcs11/keystore.h"
#include "pkcs11/keytable.h"

struct copies {
	CK_SESSION_HANDLE holder; /* CK_INVALID_HANDLE until the first copy */
	atomic_size_t count;      /* read by anybody */
	int64_t sweep_ms;         /* not sooner, of clock_mono_ms */
	bool trouble_is_known;
	bool given_up; /* this token's copies are not what they must be */
};

/* A pair that was just made or found, and will be added next: no need to search for it.
 */
struct newcomer {
	struct object_id id; /* of no bytes: there is none */
	unsigned char spki_sha256[KEY_SHA256_SIZE];
	CK_OBJECT_HANDLE handle;
};

struct keystore {
	struct token *token;
	pthread_rwlock_t lock;    /* the table */
	pthread_rwlock_t handles; /* read: using one; write: destroying one */
	pthread_mutex_t writer;   /* the token: one writer at a time */
	struct keytable table;
	struct copies copies;        /* the writer's */
	struct inventory *inventory; /* from keystore_list to keystore_unlist */
	struct newcomer newcomer;    /* under the table's lock */
};

/*
 * *slot is the key in use that is this one, or NULL; the table is locked.
 *
 * An RSA key has two hashes, one as rsa-2048 and one as rsa-pss-2048: under both it would
 * have two uses, and who destroys one may destroy the other. It need not be one object on
 * the token: who imported it may have done so twice.
 */
int keystore_in_use_as(const struct keytable *table, const struct keystore_key *key,
    const struct keytable_slot **slot, struct error *err);

/* These take the lock of the table. NULL: there is none any more. */
void keystore_expect(
    struct keystore *store, const struct keystore_key *key, CK_OBJECT_HANDLE handle);
void keystore_set_handle(
    struct keystore *store, const struct keystore_key *key, CK_OBJECT_HANDLE handle);

#endif
