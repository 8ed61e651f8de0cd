/* certificate.h - what a certificate of somebody else says of itself. */
#ifndef PROBE_CERTIFICATE_H
#define PROBE_CERTIFICATE_H

#include <stdint.h>

#include <openssl/x509.h>

#include "base/buffer.h"
#include "base/error.h"

/* RFC 5280 has 20 octets at most; what is longer than this is cut. */
#define CERTIFICATE_SERIAL_SIZE 65

/* Seconds since 1970, UTC; 0 for what is no time. */
int64_t certificate_time(const ASN1_TIME *time);

/* Lower-case hex. */
void certificate_serial(const X509 *cert, char serial[static CERTIFICATE_SERIAL_SIZE]);

#define CERTIFICATE_LABEL_SIZE 512

/* What people call it: its first DNS name, its CN, or its subject, cut where it is long.
 */
void certificate_label(X509 *cert, char label[static CERTIFICATE_LABEL_SIZE]);

/*
 * Appends the certificates that are in data, to be freed by the caller: one in DER, PEM
 * blocks among whatever else, or PKCS#7 in either. ERROR_BAD_REQUEST when there is none;
 * ERROR_UNSUPPORTED when something is malformed, after the others were appended.
 */
int certificate_read_all(struct bytes data, STACK_OF(X509) * list, struct error *err);

#endif
