/* file.h - whole small files, and directories to trust with them. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/error.h"

/* Appends the content of path ("-" is standard input) to out; refuses more than
 * max_bytes. */
int file_read(const char *path, size_t max_bytes, struct buffer *out, struct error *err);

/*
 * Writes a temporary file beside path, syncs it, renames it over path and syncs the
 * directory: a reader sees the old content or the new. mode is exact, whatever the umask.
 */
int file_write(
    const char *path, const void *data, size_t len, mode_t mode, struct error *err);

/*
 * The same in two steps, for files that belong together: what can fail, a full disk among
 * it, fails while none of them has changed. discard removes a temporary file that was not
 * committed, and accepts a change that was, or is zeroed.
 */
struct file_change {
	char path[PATH_MAX], temporary[PATH_MAX];
	bool is_like; /* false: the owner, group or mode below could not be kept */
};

/*
 * The first step of what comes in pieces: a descriptor of the temporary file, mode 0600,
 * or -1. The caller writes, syncs and closes it before file_commit.
 */
int file_begin(struct file_change *change, const char *path, struct error *err);

int file_prepare(struct file_change *change, const char *path, struct bytes content,
    mode_t mode, struct error *err);

/*
 * The same, but a file that is there leaves its owner, group, mode and access list to its
 * successor, as far as this process may give them: change->is_like. Nobody can open the
 * new file who could not open the old, but its new owner. mode is for a new name.
 */
int file_prepare_like(struct file_change *change, const char *path, struct bytes content,
    mode_t mode, struct error *err);
int file_commit(struct file_change *change, struct error *err);
void file_discard(struct file_change *change);

/*
 * Makes the directory with exactly this mode, whatever the umask. One that exists is left
 * as it is and must be safe to keep secrets in: this user's, writable by nobody else, and
 * not a symbolic link, which its owner could point elsewhere.
 */
int file_make_directory(const char *path, mode_t mode, struct error *err);

/* Whether it could: this makes nothing. */
int file_check_directory(const char *path, struct error *err);

#endif
