/* exit.h - what the program's exit status says. */
#ifndef CLI_EXIT_H
#define CLI_EXIT_H

#include <stddef.h>

#include "base/error.h"

enum exit_status {
	EXIT_DONE,
	EXIT_REFUSED, /* the daemon said no: it will say so again */
	EXIT_USAGE,
	EXIT_DAEMON,   /* the daemon cannot be reached, or failed */
	EXIT_FILE,     /* a file here could not be read or written */
	EXIT_TAMPERED, /* an audit record was verified, and does not hold */
	EXIT_COUNT,
};

enum exit_status exit_of(enum error_code code);

/* One line for the help. */
const char *exit_meaning(enum exit_status status);

#endif
