/* asn1_value.h - is a message, as a whole, one ASN.1 value? */
#ifndef API_ASN1_VALUE_H
#define API_ASN1_VALUE_H

#include <stdbool.h>

#include "base/buffer.h"

/*
 * One SEQUENCE or SET in BER (X.690 section 8), however sloppy, that fills the message
 * exactly: what certificates, revocation lists, OCSP responses and CMS have signed.
 * Lenient on purpose: whoever verifies such a thing may be lenient too.
 */
bool is_asn1_value(const struct bytes *message);

#endif
