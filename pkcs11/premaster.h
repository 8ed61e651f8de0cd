/* premaster.h - the premaster secret in a decrypted ClientKeyExchange, without an oracle.
 */
#ifndef PKCS11_PREMASTER_H
#define PKCS11_PREMASTER_H

#include <stddef.h>

#include "evp/key.h"

/*
 * em is a block of RSAES-PKCS1-v1_5 (RFC 8017 section 7.2.2) as long as the modulus,
 * which the token said has got bytes. premaster holds random bytes, drawn before. They
 * are replaced by em's last 48 if em is 00 02, bytes other than 00, 00, and 48 bytes that
 * begin with TLS 1.2's version (RFC 5246 section 7.4.7.1), and else stay. Takes the same
 * time and touches the same memory in each case; which it was is told to nobody.
 */
void premaster_take(const unsigned char *em, size_t em_len, size_t got,
    unsigned char premaster[static PREMASTER_BYTES]);

#endif
