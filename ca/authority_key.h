/* authority_key.h - whether this authority may certify a key (inside ca/ only). */
#ifndef CA_AUTHORITY_KEY_H
#define CA_AUTHORITY_KEY_H

#include "ca/authority_state.h"
#include "ca/spki.h"
#include "ca/violation.h"

/*
 * What keycheck.h cannot know: that the key is blocked, or on the lists of weak keys. Of
 * every key, an issuer's too. key is NULL when it could not be read.
 */
int authority_check_key(struct authority *authority,
    const unsigned char spki_sha256[static SPKI_HASH_BYTES], const EVP_PKEY *key,
    struct violations *v, struct error *err);

/* Of the key in a request for a leaf besides: that no issuer has it, in whatever state.
 */
int authority_check_leaf_key(struct authority *authority,
    const unsigned char spki_sha256[static SPKI_HASH_BYTES], const EVP_PKEY *key,
    struct violations *v, struct error *err);

/* Of what is to sign: that neither its key nor one above it is blocked. */
int authority_check_issuer_keys(struct authority *authority, const struct issuer *issuer,
    struct violations *v, struct error *err);

#endif
