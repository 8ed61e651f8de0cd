/* publickey.h - the SubjectPublicKeyInfo of a key on the token. */
#ifndef PKCS11_PUBLICKEY_H
#define PKCS11_PUBLICKEY_H

#include <p11-kit/pkcs11.h>

#include "base/buffer.h"
#include "base/error.h"
#include "evp/scheme.h"

/*
 * Appends the DER built from CKA_MODULUS and CKA_PUBLIC_EXPONENT, or CKA_EC_PARAMS and
 * CKA_EC_POINT (a DER OCTET STRING, or the bare point that some tokens give). object is
 * a public key: private EC objects often have no point. To a token an RSA-PSS key is an
 * RSA key like others, so rsa_family says which of the two is to be written.
 */
int publickey_read(CK_FUNCTION_LIST *functions, CK_SESSION_HANDLE session,
    CK_OBJECT_HANDLE object, enum key_family rsa_family, struct buffer *spki,
    struct error *err);

#endif
