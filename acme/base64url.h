/* base64url.h - base64 for URLs, without padding (RFC 7515 section 2), read strictly. */
#ifndef ACME_BASE64URL_H
#define ACME_BASE64URL_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"

/* Appends. */
void base64url_encode(struct buffer *out, struct bytes data);

/* Appends the bytes; neither padding nor white space is accepted. */
int base64url_decode(struct buffer *out, const char *text, struct error *err);

/* Of its alphabet, and not empty. */
bool base64url_is(const char *text);

#endif
