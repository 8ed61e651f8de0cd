/*
 * reference.h - the reference to a key: what a proxy loads in place of a private key.
 *
 *   KeyReference ::= SEQUENCE {
 *       version  INTEGER (1),
 *       name     UTF8String,
 *       key      SubjectPublicKeyInfo }
 *
 * in PEM (RFC 7468) under the label below. It holds nothing secret, and all that is
 * needed to load the key without asking anybody.
 */
#ifndef EVP_REFERENCE_H
#define EVP_REFERENCE_H

#include "base/buffer.h"
#include "base/error.h"
#include "evp/key.h"

#define REFERENCE_PEM_LABEL "KEYHOLD KEY REFERENCE"
#define REFERENCE_MAX_BYTES (KEY_SPKI_MAX + 128)

/* Appends DER. */
int reference_encode(const struct key *key, struct buffer *der, struct error *err);

/* Accepts exactly what reference_encode writes: one value, nothing behind it. */
int reference_decode(const struct bytes *der, struct key *key, struct error *err);

/* Appends PEM. */
int reference_to_pem(const struct key *key, struct buffer *pem, struct error *err);

#endif
