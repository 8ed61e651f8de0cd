/*
 * keyring.h - the keys in use on all tokens: each is at home on one of them.
 *
 * Other tokens may have the same key, by its CKA_ID and public key: they do what its home
 * fails to. A token that is away stops only the keys that no other one has. As the
 * keystore otherwise, of which each token has one; from any thread.
 */
#ifndef PKCS11_KEYRING_H
#define PKCS11_KEYRING_H

#include "pkcs11/keystore.h"

#define KEYRING_TOKENS_MAX 16

struct keyring;

/* Takes over the keystores, the first of which is where keys are made unless said
 * otherwise; after a failure they are still the caller's. */
int keyring_new(struct keystore *const *stores, size_t count, struct keyring **ring,
    struct error *err);
void keyring_free(struct keyring *ring);

size_t keyring_tokens(const struct keyring *ring);
struct keystore *keyring_store(const struct keyring *ring, size_t index);

/* The token of this name, or the first for NULL. ERROR_NOT_FOUND: there is none. */
int keyring_find_token(const struct keyring *ring, const char *name,
    struct keystore **store, struct error *err);

/*
 * Reads where all keys are, so that keyring_add need not search for each: see
 * keystore_list. A token that cannot be read is told of by visit, and is no failure.
 */
void keyring_list(
    struct keyring *ring, void (*visit)(struct keystore *store, const struct error *why));
void keyring_unlist(struct keyring *ring);

/*
 * Takes a key into use at home, which key->token names: the only token, where it names
 * none that is there, and is named from then on. With several, such a key has no home: it
 * is listed, and works where another token has it. Otherwise as keystore_add.
 */
int keyring_add(struct keyring *ring, const struct keystore_key *key, bool *on_token,
    struct error *err);

/* As the keystore does it, on the token of this name, or the first for NULL. */
struct keyring_place {
	const char *token;
	const char *name;
	enum key_use use;
};

int keyring_generate(struct keyring *ring, const struct keyring_place *place,
    enum key_type type, struct keystore_key *key, struct error *err);
int keyring_adopt(struct keyring *ring, const struct keyring_place *place,
    enum key_family rsa_family, struct keystore_key *key, struct error *err);

/* The successor is made at the home of the key in use under this name. */
int keyring_generate_next(struct keyring *ring, const char *name, enum key_type type,
    struct keystore_key *next, struct error *err);
void keyring_promote(struct keyring *ring, const struct keystore_key *old,
    const struct keystore_key *next);

/*
 * At home, and on every other token that has it. Nothing is destroyed while one that has
 * it, as far as is known, is away: ERROR_AWAY.
 */
int
keyring_destroy(struct keyring *ring, const struct keystore_key *key, struct error *err);
void keyring_forget(struct keyring *ring, const struct keystore_key *key);

/* At home only. */
int keyring_put_certificate(struct keyring *ring, const struct keystore_key *key,
    const struct certificate_parts *parts, struct error *err);

int keyring_find(struct keyring *ring, const char *name_or_spki, struct keystore_key *key,
    struct error *err);
int keyring_find_spki(struct keyring *ring, const unsigned char *spki_sha256,
    struct keystore_key *key, struct error *err);
size_t keyring_count(struct keyring *ring);

/*
 * At home, and at once on another token that has the key when the home is away, hangs,
 * has no session or signs wrongly. The error is the home's.
 */
int keyring_sign(struct keyring *ring, const unsigned char *spki_sha256,
    enum scheme scheme, const struct bytes *message,
    unsigned char sig[static SIGNATURE_MAX_BYTES], size_t *sig_len, struct error *err);

/*
 * The same of a message that was hashed already, as GnuTLS does it: never with Ed25519.
 * For what the daemon itself hashed; no peer's digest is signed.
 */
int keyring_sign_digest(struct keyring *ring, const unsigned char *spki_sha256,
    enum scheme scheme, const struct bytes *digest,
    unsigned char sig[static SIGNATURE_MAX_BYTES], size_t *sig_len, struct error *err);

int keyring_decrypt(struct keyring *ring, const unsigned char *spki_sha256,
    const struct bytes *ciphertext, unsigned char premaster[static PREMASTER_BYTES],
    struct error *err);

/* Whether any token works; the error is the first one's. */
int keyring_check(struct keyring *ring, struct error *err);

/* Whether requests for one of the tokens are refused at once, which the log has said. */
bool keyring_is_away(struct keyring *ring);

/* A call does not return: nothing can be stopped in order. */
bool keyring_hangs(struct keyring *ring);

/* The same as a key_backend whose ctx is the keyring: for evp/ in the daemon. */
extern const struct key_backend keyring_backend;

#endif
