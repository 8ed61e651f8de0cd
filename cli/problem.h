/* problem.h - the daemon's problem documents (RFC 9457) as errors of this program. */
#ifndef CLI_PROBLEM_H
#define CLI_PROBLEM_H

#include "cli/cli.h"

/*
 * Turns the answer in cli->res, which is not a 2xx, into err and advice; path is what was
 * asked for. With --json the document is printed as well. Always -1.
 */
int problem_explain(struct cli *cli, const char *path, struct error *err);

#endif
