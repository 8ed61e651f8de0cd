/* issue.h - keyhold cert issue. */
#ifndef CLI_ISSUE_H
#define CLI_ISSUE_H

#include "cli/cli.h"

int issue_certificate(struct cli *cli, struct error *err);

#endif
