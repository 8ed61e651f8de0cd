/* managedkey.h - the managed certificates that need a key. */
#ifndef CLI_MANAGEDKEY_H
#define CLI_MANAGEDKEY_H

#include <jansson.h>

#include "cli/cli.h"

/*
 * Appends "managed certificate web, managed certificate api"; nothing when there is none.
 * The key is as the daemon shows it; one that was replaced is needed as long as servers
 * may be on their way to the next.
 */
int managedkey_users(
    struct cli *cli, const json_t *key, struct buffer *names, struct error *err);

#endif
