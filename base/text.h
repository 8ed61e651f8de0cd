/* text.h - hex, base64, whole numbers and names, read strictly. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

/* Lower case; hex has room for 2 * len + 1 characters. */
void hex_encode(char *hex, const unsigned char *data, size_t len);

/* Exactly 2 * len digits of either case; anything else is -1. */
int hex_decode(unsigned char *data, size_t len, const char *hex);

/* Appends padded base64 without line breaks (RFC 4648 section 4). */
void base64_encode(struct buffer *out, const void *data, size_t len);

/* Appends the bytes. White space is not accepted, nor missing padding. */
int base64_decode(struct buffer *out, const char *text, size_t len, struct error *err);

/* Decimal digits only, no sign, no space, no leading zero unless it is all. */
int text_to_uint(
    const char *text, uint64_t min, uint64_t max, uint64_t *value, struct error *err);

#define NAME_MAX_CHARS 63

/* A name of a key, issuer or profile: [a-z0-9][a-z0-9._-]{0,62}. */
bool name_is_valid(const char *name);

/* One of ASCII's, such as a line feed: no part of what is one line. */
bool text_has_control(const char *text);

/*
 * Appends what others say, at most max bytes of it, so that it cannot move the cursor of
 * who reads it: control characters but those in allowed, such as "\n", and what is no
 * UTF-8 become question marks.
 */
void text_clean(struct buffer *out, const char *text, size_t max, const char *allowed);

/* The list ends with NULL; NULL is an empty one. */
bool text_in_list(const char *const *list, const char *text);

/* Copies with a NUL; -1 and an untouched out when it does not fit. */
int text_copy(char *out, size_t size, const char *text);

#endif
