/* certform.h - answers with certificates, in the form that was asked for. */
#ifndef API_CERTFORM_H
#define API_CERTFORM_H

#include "api/mediatype.h"
#include "api/request.h"
#include "base/buffer.h"
#include "base/error.h"

/*
 * 200 with the certificates of pem, the first of which is the one asked for, as type
 * says: CHAIN_TYPE, PEM_TYPE, DER_TYPE or PKCS7_TYPE.
 */
int certform_respond(
    struct response *res, const char *type, struct bytes pem, struct error *err);

/* ERROR_UNACCEPTABLE unless one of types is what the client accepts. */
int certform_choose(const struct request *req, const char *const *types,
    const char **type, struct error *err);

#endif
