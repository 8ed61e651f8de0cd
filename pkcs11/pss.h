/* pss.h - EMSA-PSS (RFC 8017 section 9.1.1), for tokens that have raw RSA alone. */
#ifndef PKCS11_PSS_H
#define PKCS11_PSS_H

#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"
#include "evp/scheme.h"

/*
 * Fills em, as long as a modulus of whole bytes, with the padded digest. The salt is
 * random and as long as the hash.
 */
int pss_encode(enum scheme scheme, const struct bytes *digest, unsigned char *em,
    size_t em_len, struct error *err);

#endif
