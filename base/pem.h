/* pem.h - textual encoding of one DER value (RFC 7468), read strictly. */
#ifndef BASE_PEM_H
#define BASE_PEM_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"

/* Appends one block with lines of 64 characters. */
void pem_append(struct buffer *out, const char *label, struct bytes der);

/*
 * Appends the content of text to der: exactly one block, whose label is in the
 * NULL-terminated list. Before it may stand other text (RFC 7468 section 2), but no
 * other block; behind it, nothing but white space.
 */
int pem_read(
    struct bytes text, const char *const *labels, struct buffer *der, struct error *err);

/* The like without boundaries: base64 with white space anywhere, as EST has it. */
int pem_read_bare(struct bytes text, struct buffer *der, struct error *err);

/* A private key of any kind is among the blocks. */
bool pem_has_private_key(struct bytes text);

#endif
