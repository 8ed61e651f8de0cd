/* ocsp_certificate.h - the certificate of who answers OCSP requests for an issuer
 * (RFC 6960 section 4.2.2.2). */
#ifndef CA_OCSP_CERTIFICATE_H
#define CA_OCSP_CERTIFICATE_H

#include <openssl/types.h>

#include "base/error.h"
#include "ca/authority.h"

/*
 * Signs one for key, valid from now on, in the issuer's name, on the same path as any
 * certificate: serial reserved, draft linted, result verified and recorded. ERROR_REFUSED
 * when it breaks a rule: the issuer has expired, or the key is blocked. The caller frees
 * *cert.
 */
int ocsp_certificate_issue(struct authority *authority, const char *issuer, EVP_PKEY *key,
    int64_t now, X509 **cert, struct error *err);

/*
 * The newest that the issuer has given to key and that is not revoked; expired it may be.
 * ERROR_NOT_FOUND when there is none. The caller frees *cert.
 */
int ocsp_certificate_find(struct authority *authority, const char *issuer, EVP_PKEY *key,
    X509 **cert, struct error *err);

#endif
