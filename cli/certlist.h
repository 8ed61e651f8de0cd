/* certlist.h - keyhold cert list. */
#ifndef CLI_CERTLIST_H
#define CLI_CERTLIST_H

#include "cli/cli.h"

int certlist_print(struct cli *cli, struct error *err);

#endif
