/* revoke.h - keyhold cert revoke. */
#ifndef CLI_REVOKE_H
#define CLI_REVOKE_H

#include "cli/cli.h"

extern const struct option_spec revoke_options[];

int revoke_certificate(struct cli *cli, struct error *err);

#endif
