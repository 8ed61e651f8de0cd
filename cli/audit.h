/* audit.h - keyhold audit verify. */
#ifndef CLI_AUDIT_H
#define CLI_AUDIT_H

#include "cli/cli.h"

extern const struct option_spec audit_verify_options[];

int audit_verify(struct cli *cli, struct error *err);

#endif
