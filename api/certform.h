/* certform.h - the media types of certificates, and the answers in them. */
#ifndef API_CERTFORM_H
#define API_CERTFORM_H

#include "api/request.h"
#include "base/buffer.h"
#include "base/error.h"

#define CHAIN_TYPE "application/pem-certificate-chain" /* PEM */
#define PEM_TYPE   "application/x-pem-file"            /* PEM, of the certificate alone */
#define DER_TYPE   "application/pkix-cert"             /* likewise */
#define PKCS7_TYPE "application/pkcs7-mime"            /* the chain, "certs-only" */
#define JSON_TYPE  "application/json"

/*
 * 200 with the certificates of pem, the first of which is the one asked for, as type
 * says: any of the above but JSON.
 */
int certform_respond(
    struct response *res, const char *type, struct bytes pem, struct error *err);

/* ERROR_UNACCEPTABLE unless one of types is what the client accepts. */
int certform_choose(const struct request *req, const char *const *types,
    const char **type, struct error *err);

#endif
