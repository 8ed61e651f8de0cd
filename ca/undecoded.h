/*
 * undecoded.h - X.509 structures whose public key stays the bytes that it came as.
 *
 * Whenever OpenSSL 3.0 parses one it also reads the key, and to do so lists every decoder
 * of the library context anew: 0.25 ms, seven times for a certificate.
 * What asks such a structure for its key gets NULL: keyspki_read takes the context that
 * is meant, as ASN1_item_verify_ex does.
 */
#ifndef CA_UNDECODED_H
#define CA_UNDECODED_H

#include <openssl/x509.h>

#include "base/buffer.h"
#include "base/error.h"

/* The DER in full, or ERROR_BAD_REQUEST. */
int undecoded_request(struct bytes der, X509_REQ **req, struct error *err);
int undecoded_certificate(struct bytes der, X509 **cert, struct error *err);

/* An empty one to fill in; NULL without memory. */
X509 *undecoded_new_certificate(void);

#endif
