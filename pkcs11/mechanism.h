/* mechanism.h - how a SignatureScheme is asked of a token. */
#ifndef PKCS11_MECHANISM_H
#define PKCS11_MECHANISM_H

#include <p11-kit/pkcs11.h>

#include "base/buffer.h"
#include "base/error.h"
#include "evp/scheme.h"

/* DigestInfo (RFC 8017 section 9.2) of SHA-512 is the longest thing handed to C_Sign but
 * Ed25519. */
#define MECHANISM_INPUT_MAX 128

struct mechanism {
	enum scheme scheme;
	enum key_type type;
	CK_MECHANISM ck; /* points into pss: do not copy the struct */
	CK_RSA_PKCS_PSS_PARAMS pss;
	unsigned char input[MECHANISM_INPUT_MAX]; /* what C_Sign gets, when not the
						     message itself */
	struct bytes data;
};

/*
 * Hashes and wraps the message as the scheme and key want it. message must outlive the
 * mechanism: Ed25519 signs it as it is.
 */
int mechanism_init(struct mechanism *mechanism, enum scheme scheme, enum key_type type,
    const struct bytes *message, struct error *err);

/* The same of a message that somebody else hashed: never of Ed25519. */
int mechanism_init_digest(struct mechanism *mechanism, enum scheme scheme,
    enum key_type type, const struct bytes *digest, struct error *err);

#endif
