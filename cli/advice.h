/* advice.h - the daemon's problem documents (RFC 9457), and what to do about them. */
#ifndef CLI_ADVICE_H
#define CLI_ADVICE_H

#include "cli/cli.h"

/*
 * Turns the answer in cli->rest.res, which is not a 2xx, into err and advice; path is
 * what was asked for. With --json the document is printed as well. Always -1.
 */
int advice_explain(struct cli *cli, const char *path, struct error *err);

#endif
