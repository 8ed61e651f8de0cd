/* leftkeys.h - keyhold key left and key discard. */
#ifndef CLI_LEFTKEYS_H
#define CLI_LEFTKEYS_H

#include "cli/cli.h"

int list_left_keys(struct cli *cli, struct error *err);
int discard_key(struct cli *cli, struct error *err);

#endif
