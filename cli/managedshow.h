/* managedshow.h - managed certificates for people. */
#ifndef CLI_MANAGEDSHOW_H
#define CLI_MANAGEDSHOW_H

#include <jansson.h>

#include "cli/cli.h"

void managedshow_list(struct cli *cli, const json_t *answer);
void managedshow_one(struct cli *cli, const json_t *managed);

/* What is left of one that is managed no longer, and when to do what with it. It may be
 * NULL, where nobody may see it. */
void managedshow_left(struct cli *cli, const char *name, const json_t *managed);

/* What a dry run found. */
void managedshow_trial(struct cli *cli, const json_t *answer);

#endif
