/* acmeobtain.h - keyhold acme obtain: a certificate, once. */
#ifndef CLI_ACMEOBTAIN_H
#define CLI_ACMEOBTAIN_H

#include "cli/cli.h"
#include "cli/command.h"

extern const struct option_spec acmeobtain_options[];

int acmeobtain_run(struct cli *cli, struct error *err);

#endif
