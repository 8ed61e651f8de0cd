/* pkcs7.h - certificates in a PKCS#7 message that signs nothing ("certs-only", RFC 5652
 * section 5.1; RFC 8551 section 3.8). */
#ifndef CA_PKCS7_H
#define CA_PKCS7_H

#include "base/buffer.h"
#include "base/error.h"

/* Appends the message, in DER, with the certificates of pem in their order. */
int pkcs7_certs_only(struct bytes pem, struct buffer *der, struct error *err);

#endif
