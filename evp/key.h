/*
 * key.h - a private key that lives elsewhere: its name, its public half, and the
 * table of what can be asked of it.
 */
#ifndef EVP_KEY_H
#define EVP_KEY_H

#include <stddef.h>

#include <openssl/types.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"
#include "evp/scheme.h"

#define KEY_SPKI_MAX    1024
#define KEY_SHA256_SIZE 32
#define PREMASTER_BYTES 48 /* RFC 5246 section 7.4.7.1 */

struct key {
	char name[NAME_MAX_CHARS + 1];
	enum key_type type;
	unsigned char
	    spki[KEY_SPKI_MAX]; /* DER SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7) */
	size_t spki_len;
	unsigned char spki_sha256[KEY_SHA256_SIZE];
};

/* Fills key from its public half: finds the type and the hash, checks the DER. */
int
key_init(struct key *key, const char *name, const struct bytes *spki, struct error *err);

/*
 * The same RSA key as one of the other family: rsa-2048 and rsa-pss-2048 are one pair of
 * numbers under two algorithm identifiers (RFC 4055), and so with two hashes. Any other
 * key is its own twin.
 */
int key_twin(const struct key *key, struct key *twin, struct error *err);

/* Where private-key operations are done: the token in the daemon, the socket in a proxy.
 */
struct key_backend {
	/*
	 * Signs the whole message. sig has room for SIGNATURE_MAX_BYTES; on success
	 * *sig_len holds the bytes written, ECDSA in DER. Called from several threads
	 * at once; must not fork or exit.
	 */
	int (*sign)(void *ctx, const struct key *key, enum scheme scheme,
	    const struct bytes *message, unsigned char sig[static SIGNATURE_MAX_BYTES],
	    size_t *sig_len, struct error *err);
	/*
	 * RSA key exchange (RFC 5246 section 7.4.7.1): premaster is what the ciphertext
	 * holds, or random bytes when that is not a premaster secret of TLS 1.2, and
	 * nothing tells which. Fails only for what an eavesdropper sees too. May be NULL.
	 */
	int (*decrypt)(void *ctx, const struct key *key, const struct bytes *ciphertext,
	    unsigned char premaster[static PREMASTER_BYTES], struct error *err);
};

#endif
