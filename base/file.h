/* file.h - whole small files, and directories to trust with them. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/error.h"

/* Appends the content of path ("-" is standard input) to out; refuses more than
 * max_bytes. */
int file_read(const char *path, size_t max_bytes, struct buffer *out, struct error *err);

/*
 * Writes a temporary file beside path, syncs it, and renames it over path: a reader
 * sees the old content or the new. mode is exact, whatever the umask.
 */
int file_write(
    const char *path, const void *data, size_t len, mode_t mode, struct error *err);

/*
 * Makes the directory with exactly this mode, whatever the umask. One that exists is left
 * as it is and must be safe to keep secrets in: this user's, writable by nobody else, and
 * not a symbolic link, which its owner could point elsewhere.
 */
int file_make_directory(const char *path, mode_t mode, struct error *err);

#endif
