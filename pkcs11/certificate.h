/* certificate.h - an issuer's certificate beside its key on the token (PKCS#11 v2.40
 * section 4.6.3). */
#ifndef PKCS11_CERTIFICATE_H
#define PKCS11_CERTIFICATE_H

#include "base/buffer.h"
#include "pkcs11/object.h"
#include "pkcs11/token.h"

/* Each in DER. */
struct certificate_parts {
	struct bytes certificate, subject, issuer, serial;
};

/*
 * Puts a public CKO_CERTIFICATE with the key's CKA_ID and CKA_LABEL there, in the place
 * of those that were. One caller at a time.
 */
int token_put_certificate(struct token *token, const struct object_id *id,
    const char *label, const struct certificate_parts *parts, struct error *err);

#endif
