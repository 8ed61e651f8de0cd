/*
 * keystore_state.h - what the files of the keystore share.
 *
 * The table's lock is held for look-ups only. Whoever uses the token holds the handles'
 * lock for reading, or is the writer: so a handle cannot be destroyed, and its number
 * given to another key, between its look-up and its use; destroying waits for what is in
 * progress. Who holds both, the handles' for writing, is alone.
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
	bool are_left; /* out of the table, and not destroyed yet: they end with holder */
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
	int wait_ms; /* for those locks that are held during calls to the token */
	unsigned verify_one_in;
	struct recovery *recovery;
	pthread_rwlock_t lock;    /* the table */
	pthread_rwlock_t handles; /* read: using one; write: destroying one */
	pthread_mutex_t writer;   /* the token: one writer at a time */
	struct keytable table;
	struct copies copies;                  /* the writer's */
	atomic_int_least64_t copying_since_ms; /* 0: nobody sees to copies */
	/* From keystore_list to keystore_unlist: of the thread that calls them, and of
	 * who has locked everybody out. */
	struct inventory *inventory;
	struct newcomer newcomer; /* under the table's lock */
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

/* What is done in the token. */
struct keystore_work {
	int (*run)(struct keystore *store, void *ctx, struct error *err);
	void *ctx;
	bool writes;  /* run is alone in writing to the token */
	bool makes;   /* and what fails may have been done all the same */
	bool hurries; /* the token's recovery is not waited for */
};

/* Does it, and once more when the token failed and has recovered. */
int keystore_work(
    struct keystore *store, const struct keystore_work *work, struct error *err);

/* For reading; ERROR_BUSY rather than to wait behind a call that does not return. */
int keystore_lock_for_use(struct keystore *store, struct error *err);

/* For writing: no handle is in use. In a work that writes. */
int keystore_lock_handles(struct keystore *store, int wait_ms, struct error *err);

/* Nobody else is in the token until keystore_let_in. */
int keystore_lock_out(struct keystore *store, int wait_ms, struct error *err);
void keystore_let_in(struct keystore *store);

/*
 * The module is shared with other tokens. Who has taken it, without waiting, may finalize
 * it, and nobody else does until it is given back.
 */
void keystore_join_module(struct keystore *store);
void keystore_leave_module(struct keystore *store);
bool keystore_take_module(struct keystore *store);
void keystore_give_module(struct keystore *store);

/*
 * The token is found and logged in to, and where no other token of the module works, the
 * module is finalized before. It is taken, and everybody is locked out.
 */
int keystore_reload(struct keystore *store, struct error *err);

/* All handles have become invalid; everybody is locked out. */
void keystore_forget_handles(struct keystore *store);
void keystore_drop_list(struct keystore *store);

/*
 * Signs with one of the keys and verifies the signature, whatever the breaker says;
 * without any key, takes a session. ERROR_NOT_FOUND when the token answers, and has none
 * of the keys that were tried.
 */
int keystore_try(struct keystore *store, struct error *err);

/* A key that was not on the token when it was taken into use, or whose handle has become
 * invalid. The handles are locked. */
int keystore_find_again(struct keystore *store, const struct keystore_key *key,
    CK_OBJECT_HANDLE *handle, struct error *err);

/* Whether the search has found that the key is not there, and not failed. */
bool keystore_is_absence(enum error_code why);

/* The token has the guest, by this handle. */
void keystore_set_seen(
    struct keystore *store, const struct keystore_key *key, CK_OBJECT_HANDLE handle);

/* A guest is not here: no handle is looked for again for a while. */
void keystore_set_absent(struct keystore *store, const struct keystore_key *key);

/* False for a guest that was not there a moment ago. */
bool keystore_may_look(struct keystore *store, const struct keystore_key *key);

/* Finds the guests that are on the token, and among what was listed of it. In a work. */
int keystore_seek_locked(struct keystore *store, struct error *err);
int keystore_seek_listed(
    struct keystore *store, const struct inventory *inventory, struct error *err);

/* Whether the token has this pair for a key in use, a guest that was ever found too. */
bool keystore_uses_id(struct keystore *store, const struct object_id *id);

/* Whether the idle sessions are what they should be. */
int keystore_touch(struct keystore *store, struct error *err);

/* These take the lock of the table. NULL: there is none any more. */
void keystore_expect(
    struct keystore *store, const struct keystore_key *key, CK_OBJECT_HANDLE handle);
void keystore_set_handle(
    struct keystore *store, const struct keystore_key *key, CK_OBJECT_HANDLE handle);

#endif
