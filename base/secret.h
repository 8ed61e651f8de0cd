/*
 * secret.h - a PIN: locked in memory, left out of core dumps, wiped when freed.
 *
 * Opaque, so that nothing prints it by accident. Not on libcrypto's secure heap: see
 * docs/decisions/0017.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stddef.h>

#include "base/error.h"

#define SECRET_MAX_BYTES 255

struct secret;

/* Copies len bytes; the caller frees with secret_free. ERROR_INTERNAL when memory cannot
 * be locked. */
int secret_new(const void *data, size_t len, struct secret **secret, struct error *err);

/*
 * Reads the first line of a file that only its owner can read: a regular file
 * of mode 0600 or 0400 whose owner is root or this user.
 */
int secret_read_file(const char *path, struct secret **secret, struct error *err);

/* NUL-terminated; belongs to the secret. */
const char *secret_text(const struct secret *secret);

void secret_free(struct secret *secret);

#endif
