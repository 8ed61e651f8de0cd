/* punycode.h - whether an A-label's encoded part decodes (RFC 3492). */
#ifndef CA_PUNYCODE_H
#define CA_PUNYCODE_H

#include <stdbool.h>

#include "base/buffer.h"

/* text is what follows "xn--", lower case; at least one code point must not be ASCII. */
bool punycode_is_valid(struct bytes text);

#endif
