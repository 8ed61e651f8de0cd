/* document.h - JSON that is sent. */
#ifndef ACME_DOCUMENT_H
#define ACME_DOCUMENT_H

#include <jansson.h>

#include "base/buffer.h"
#include "base/error.h"

/* Appends value without spaces, and frees it; NULL stands for that it could not be made.
 */
int document_write(json_t *value, struct buffer *out, struct error *err);

#endif
