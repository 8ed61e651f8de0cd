/* rotate.h - a new key under the name of an old one. */
#ifndef CLI_ROTATE_H
#define CLI_ROTATE_H

#include <jansson.h>

#include "cli/cli.h"

#define ROTATE_HASH_SIZE 65 /* 64 hex digits and a NUL */

/* The command. */
int rotate_key(struct cli *cli, struct error *err);

/* The key's hash, as the daemon sent it. */
int rotate_read_hash(
    const json_t *key, char hash[static ROTATE_HASH_SIZE], struct error *err);

/*
 * Asks the daemon for it, unless current is not the current key any more; type is NULL
 * for that of the old key. The caller frees *key with json_decref. The hash of the old
 * key is in old.
 */
int rotate_send(struct cli *cli, const json_t *current, const char *type,
    char old[static ROTATE_HASH_SIZE], json_t **key, struct error *err);

/* What the old key is still good for, and how to end that. */
void rotate_print_old(struct cli *cli, const char *old);

#endif
