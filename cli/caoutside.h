/* caoutside.h - what the table in ca.c runs of CAs that another CA signs. */
#ifndef CLI_CAOUTSIDE_H
#define CLI_CAOUTSIDE_H

#include "cli/cli.h"

int caoutside_csr(struct cli *cli, struct error *err);
int caoutside_install(struct cli *cli, struct error *err);
int caoutside_import(struct cli *cli, struct error *err);

#endif
