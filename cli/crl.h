/* crl.h - keyhold ca crl. */
#ifndef CLI_CRL_H
#define CLI_CRL_H

#include "cli/cli.h"

extern const struct option_spec crl_options[];

int crl_save(struct cli *cli, struct error *err);

#endif
