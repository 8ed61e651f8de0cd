/* alabel.h - internationalized labels as they stand in a certificate: "xn--bcher-kva". */
#ifndef CA_ALABEL_H
#define CA_ALABEL_H

#include <stdbool.h>

#include "base/buffer.h"

/*
 * Whether label, in lower case and beginning with "xn--", is the A-label of a U-label
 * that could be registered (RFC 5891 section 4): it decodes to what encodes to it again,
 * in Unicode's normal form C, of characters and in an order that IDNA2008 allows.
 */
bool alabel_is_valid(struct bytes label);

#endif
