/* client_names.h - what the owner of a certificate may be called (inside ca/ only). */
#ifndef CA_CLIENT_NAMES_H
#define CA_CLIENT_NAMES_H

#include <openssl/types.h>

#include "base/buffer.h"
#include "base/error.h"

/*
 * Appends each name and a NUL. What has a blank or is not printable ASCII is no name, but
 * for a subject, where the escapes of RFC 4514 stand for it. ERROR_FORBIDDEN for more
 * than max.
 */
int client_names(
    X509 *cert, size_t max, struct buffer *texts, size_t *count, struct error *err);

#endif
