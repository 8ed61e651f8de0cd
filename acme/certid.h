/* certid.h - how a certificate is called in renewal information (RFC 9773 section 4.1).
 */
#ifndef ACME_CERTID_H
#define ACME_CERTID_H

#include "base/buffer.h"
#include "base/error.h"

/* Appends base64url(key identifier) "." base64url(serial) of a certificate in DER. */
int certid_write(struct bytes certificate, struct buffer *out, struct error *err);

#endif
