/* publickey.h - the SubjectPublicKeyInfo of a key on the token. */
#ifndef PKCS11_PUBLICKEY_H
#define PKCS11_PUBLICKEY_H

#include <p11-kit/pkcs11.h>

#include "base/buffer.h"
#include "base/error.h"

/*
 * Appends the DER built from CKA_MODULUS and CKA_PUBLIC_EXPONENT, or CKA_EC_PARAMS and
 * CKA_EC_POINT (a DER OCTET STRING, or the bare point that some tokens give). object is
 * a public key: private EC objects often have no point.
 */
int publickey_read(CK_FUNCTION_LIST *functions, CK_SESSION_HANDLE session,
    CK_OBJECT_HANDLE object, struct buffer *spki, struct error *err);

#endif
