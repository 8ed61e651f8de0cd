/*
 * keyusage.h - the key usage of a certificate for TLS (RFC 5280 section 4.2.1.3).
 *
 * A request may ask for keyEncipherment, which RSA key exchange needs (RFC 5246 section
 * 7.4.2); nothing else about the usage is its choice.
 */
#ifndef CA_KEYUSAGE_H
#define CA_KEYUSAGE_H

#include <stdbool.h>

#include <openssl/types.h>

#include "ca/csr.h"
#include "ca/profile.h"
#include "ca/warning.h"

/* KU_DIGITAL_SIGNATURE and others of openssl/x509v3.h, which are the first octet's bits.
 * The caller frees; NULL when out of memory. */
ASN1_BIT_STRING *keyusage_new(unsigned usage);

/* Asked for, allowed by the profile, and the key is RSA. For a request without
 * violations.
 */
bool keyusage_enciphers(const struct csr *csr, const struct profile *profile);

/* Tells the requester when more was asked for than is granted. */
void
keyusage_warn(const struct csr *csr, const struct profile *profile, struct warnings *w);

#endif
