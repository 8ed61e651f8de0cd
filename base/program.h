/* program.h - another program, run to its end with a time limit. */
#ifndef BASE_PROGRAM_H
#define BASE_PROGRAM_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"

#define PROGRAM_VARIABLES_MAX 4

struct program {
	const char *const
	    *argv;        /* NULL at the end; argv[0] is looked for in its own PATH */
	const char *user; /* to run as, with that user's groups; NULL: as we do */
	/* "NAME=value", PROGRAM_VARIABLES_MAX at most, NULL at the end; or NULL */
	const char *const *variables;
	int timeout_ms;
};

/*
 * Runs it in a process group of its own, with nothing open but /dev/null as its input,
 * and an environment of PATH, HOME, USER, LANG and those variables. What it writes to
 * output or errors is appended to output, as far as output's max_bytes go. At the time
 * limit the group is killed: ERROR_TIMEOUT. 0 when it exited with 0; what outlives it in
 * the background is left alone. Where SIGCHLD is ignored nobody knows how it ended:
 * ERROR_IO.
 */
int program_run(const struct program *program, struct buffer *output, struct error *err);

#endif
