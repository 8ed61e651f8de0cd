/* url.h - paths of the daemon's resources, from names that were checked first. */
#ifndef REST_URL_H
#define REST_URL_H

#include "base/buffer.h"
#include "base/error.h"

/* Room for the longest prefix, "spki:" and 64 digits, and the longest ending. */
#define URL_MAX 160

/* Each checks what a person typed: ERROR_CONFIG says what would be right. */
int url_check_name(const char *name, struct error *err);

/* /v1/keys/{key}{ending}; key is a name, or spki: and 64 hex digits. */
int
url_key(char url[static URL_MAX], const char *key, const char *ending, struct error *err);

/* /v1/issuers/{issuer}{ending} */
int url_issuer(
    char url[static URL_MAX], const char *issuer, const char *ending, struct error *err);

/* /v1/profiles/{name} */
int url_profile(char url[static URL_MAX], const char *name, struct error *err);

/* /v1/managed/{name}{ending} */
int url_managed(
    char url[static URL_MAX], const char *name, const char *ending, struct error *err);

/*
 * /v1/certificates/{serial}{ending}; the serial in hex of either case, with colons or
 * without, as openssl(1) prints it.
 */
int url_certificate(
    char url[static URL_MAX], const char *serial, const char *ending, struct error *err);

/* Appends ?name=value or &name=value, percent-encoded. A NULL value adds nothing. */
void url_query(struct buffer *url, const char *name, const char *value);

#endif
