/*
 * der.h - whether bytes are DER, where OpenSSL's parser also takes BER.
 *
 * The signature covers one encoding; with a second one allowed, two parsers may
 * see two requests.
 */
#ifndef CA_DER_H
#define CA_DER_H

#include <stdbool.h>

#include "base/buffer.h"

/* Exactly one value: definite, shortest lengths; nothing after it. */
bool der_is_strict(struct bytes der);

/*
 * Takes the value that in begins with off its front: its tag and its content. False, with
 * in spoilt, when it is not DER, ends too late, or has a tag number above 30.
 */
bool der_take(struct bytes *in, unsigned char *tag, struct bytes *content);

#endif
