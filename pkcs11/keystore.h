/*
 * keystore.h - the keys in use: what each is for, and working with them.
 *
 * Several may have one name: a name finds the current one, a hash any of them.
 * The durable list is the store's; this is its image in memory together with the
 * handles of one token. From any thread.
 */
#ifndef PKCS11_KEYSTORE_H
#define PKCS11_KEYSTORE_H

#include <stdbool.h>
#include <stdint.h>

#include "evp/key.h"
#include "pkcs11/certificate.h"
#include "pkcs11/object.h"
#include "pkcs11/recovery.h"
#include "pkcs11/session.h"
#include "pkcs11/token.h"

enum key_use {
	KEY_USE_TLS,  /* signs TLS handshakes and the request for its own certificate */
	KEY_USE_CA,   /* signs what the daemon itself builds */
	KEY_USE_SIGN, /* signs what it is asked to */
	KEY_USE_TLS_RSA_KEX, /* KEY_USE_TLS, and RSA key exchange; of RSA keys only */
	KEY_USE_AUDIT, /* signs heads of the audit record; only the daemon makes one */
};

const char *key_use_name(enum key_use use);
int key_use_read(const char *name, enum key_use *use, struct error *err);

struct keystore_key {
	struct key key;
	char token[TOKEN_NAME_SIZE]; /* its home's name */
	enum key_use use;
	struct object_id id;
	int64_t created;  /* seconds since 1970 */
	int64_t replaced; /* likewise; 0 while it is the current key of its name */
};

struct keystore;

/* All zero: as tests want it. */
struct keystore_options {
	/* One signature in so many is verified before it is handed out, and each of a
	 * CA's and of the audit record. 0: only these. */
	unsigned verify_one_in;
	struct recovery_options recovery; /* of no hang_ms: the times of a default */
	const struct error *away;         /* why the token is not open; NULL: it is */
};

/* The token must outlive the keystore. One that is away is looked for. */
int keystore_new(struct token *token, const struct keystore_options *options,
    struct keystore **store, struct error *err);
void keystore_free(struct keystore *store);

struct token *keystore_token(const struct keystore *store);

/*
 * Reads where all keys of the token are, so that keystore_add need not search for each:
 * between the two many are taken into use, by one thread, and none is made or destroyed.
 */
int keystore_list(struct keystore *store, struct error *err);

/* Finds what guests were listed. False: the list was gone. */
bool keystore_unlist(struct keystore *store);

/*
 * Takes a key into use. A key that the token does not have is listed all the same and
 * fails when it is asked to sign; *on_token says which it is. One object on the token is
 * one key: ERROR_CONFLICT when its CKA_ID, hash or name is in use already, or its hash as
 * an RSA key of the other family.
 */
int keystore_add(struct keystore *store, const struct keystore_key *key, bool *on_token,
    struct error *err);

/*
 * A key that is at home on another token, and may be on this one as well. It is looked
 * for when it is needed, at most once a minute where it has never been.
 */
int keystore_add_guest(
    struct keystore *store, const struct keystore_key *key, struct error *err);

/* Looks for all of them at once, also while the token is away. */
int keystore_seek_guests(struct keystore *store, struct error *err);

/* Whether the token has the guest, or had it when it was last seen. */
bool keystore_has_seen(struct keystore *store, const unsigned char *spki_sha256);

/*
 * Makes or finds a key on the token that serves for this use, tried where a token may
 * turn out unable; keystore_add is what takes it into use. After a failure to generate,
 * key->id.len is 0, unless the pair could not be destroyed: then the id tells which.
 */
int keystore_generate(struct keystore *store, const char *name, enum key_type type,
    enum key_use use, struct keystore_key *key, struct error *err);

/* rsa_family: which of the two an RSA key on the token is to be. */
int keystore_adopt(struct keystore *store, const char *name, enum key_use use,
    enum key_family rsa_family, struct keystore_key *key, struct error *err);

/*
 * A successor of the key in use under this name, with its use and CKA_LABEL and another
 * CKA_ID. Taken into use with replaced set, it is found by its hash alone, and the old
 * key stays the current one until keystore_promote, which cannot fail: both must be in
 * use.
 */
int keystore_generate_next(struct keystore *store, const char *name, enum key_type type,
    struct keystore_key *next, struct error *err);
void keystore_promote(struct keystore *store, const struct keystore_key *old,
    const struct keystore_key *next);

/*
 * Destroyed on the token, the key signs no more, and stays listed until it is forgotten:
 * whatever fails in between, all of it can be tried again. Destroying waits for the
 * signatures in progress; a key that is not on the token counts as destroyed. Of a key
 * that is at home elsewhere nothing is destroyed but the same key, in use or not.
 */
int keystore_destroy(
    struct keystore *store, const struct keystore_key *key, struct error *err);
int keystore_destroy_guest(
    struct keystore *store, const struct keystore_key *key, struct error *err);
void keystore_forget(struct keystore *store, const struct keystore_key *key);

/* The issuer's certificate beside its key, for those who look on the token. */
int keystore_put_certificate(struct keystore *store, const struct keystore_key *key,
    const struct certificate_parts *parts, struct error *err);

/* Copies the key out. name_or_spki is a name, or "spki:" and 64 hex digits. */
int keystore_find(struct keystore *store, const char *name_or_spki,
    struct keystore_key *key, struct error *err);
int keystore_find_spki(struct keystore *store, const unsigned char *spki_sha256,
    struct keystore_key *key, struct error *err);
size_t keystore_count(struct keystore *store); /* without guests */

struct keystore_use {
	size_t keys, copies; /* at home here */
	size_t known;        /* with guests: all keys of the daemon */
	struct session_use sessions;
	struct recovery_state recovery;
	const struct durations *times; /* of the token, by enum token_work */
};

/* Whether requests for the token are refused at once, which the log has said. */
bool keystore_is_away(struct keystore *store);

/* How busy it is. What it points to is the keystore's, and changes all the time. */
struct keystore_use keystore_use(struct keystore *store);

/* What is done with a private key. */
enum keystore_verb {
	KEYSTORE_SIGNS,
	KEYSTORE_SIGNS_DIGEST, /* as keyring_sign_digest says */
	KEYSTORE_DECRYPTS,
};

struct keystore_task {
	enum keystore_verb verb;
	const unsigned char *spki_sha256;
	enum scheme scheme; /* unless it decrypts */
	const struct bytes *input;
	unsigned char *output; /* of SIGNATURE_MAX_BYTES, or PREMASTER_BYTES */
	size_t *output_len;    /* unless it decrypts */
	bool hurries;          /* a token that fails is seen to, and not waited for */
	/* Set by a wrong signature: what signs after it is the key itself, verified. */
	bool was_wrong;
};

/* Whatever the key's use: the caller has decided that it may. */
int keystore_run(struct keystore *store, struct keystore_task *task, struct error *err);

/* After a failure of a task that hurried: as recovery_helped. */
bool keystore_recovered(struct keystore *store, const struct error *failure);

/*
 * Whether the token works: a signature by one of the keys, verified in software; without
 * any key, a session. Answers in time also when the token does not. What readyz asks.
 */
int keystore_check(struct keystore *store, struct error *err);

#endif
