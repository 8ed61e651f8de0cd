/* calife.h - what the table in ca.c runs of a CA's life. */
#ifndef CLI_CALIFE_H
#define CLI_CALIFE_H

#include "cli/cli.h"

int calife_set(struct cli *cli, struct error *err);
int calife_retire(struct cli *cli, struct error *err);
int calife_activate(struct cli *cli, struct error *err);
int calife_rotate(struct cli *cli, struct error *err);

#endif
