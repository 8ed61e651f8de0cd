/* artifact.h - what the daemon made, written to a file or to standard output. */
#ifndef CLI_ARTIFACT_H
#define CLI_ARTIFACT_H

#include <sys/types.h>

#include "base/file.h"
#include "cli/cli.h"

#define MODE_PUBLIC    0644
#define MODE_REFERENCE 0640

/*
 * Refuses to replace what must not be lost: a file that holds a private key, unless force
 * says so, and anything that is no regular file. NULL and "-", standard output, are fine.
 */
int artifact_check(struct cli *cli, const char *path, bool force, struct error *err);

/* Whether the file is there and holds a reference to a key. */
int artifact_is_pair(const char *path, bool *is_pair, struct error *err);

/*
 * Checks, then writes; on standard output when path is NULL or "-". A file that is there
 * keeps its owner, group and mode, and a warning says when this user may not give them;
 * mode is that of a new one.
 */
int artifact_write(struct cli *cli, const char *path, struct bytes data, mode_t mode,
    bool force, struct error *err);

/* Checks, and writes all but the name: file_commit puts it in place. */
int artifact_prepare(struct cli *cli, struct file_change *change, const char *path,
    struct bytes data, mode_t mode, bool force, struct error *err);

#endif
