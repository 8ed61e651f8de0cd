/* sign.h - one signature by a key handle. */
#ifndef PKCS11_SIGN_H
#define PKCS11_SIGN_H

#include "evp/key.h"
#include "pkcs11/mechanism.h"
#include "pkcs11/token.h"

/*
 * Signs what the mechanism was made of; the result is as TLS carries it (ECDSA in DER,
 * RFC 3279 section 2.2.3). A session that turns out dead is replaced and the signature
 * tried once more. From any thread.
 */
int token_sign(struct token *token, CK_OBJECT_HANDLE handle, struct mechanism *mechanism,
    unsigned char sig[static SIGNATURE_MAX_BYTES], size_t *sig_len, struct error *err);

#endif
