/*
 * exit.c - error codes to exit statuses, and their meanings.
 *
 * In this program ERROR_IO is always a file of this machine: cli/daemon.c turns a
 * daemon that does not answer into ERROR_TIMEOUT. ERROR_CONFIG is the command line.
 */
#include "cli/exit.h"

static const char *const meanings[EXIT_COUNT] = {
	[EXIT_DONE] = "done",
	[EXIT_REFUSED] = "the daemon refused, or answered no",
	[EXIT_USAGE] = "wrong usage",
	[EXIT_DAEMON] = "the daemon cannot be reached, or failed",
	[EXIT_FILE] = "a local file could not be read or written",
	[EXIT_TAMPERED] = "the audit record is not as it was written",
};

enum exit_status
exit_of(enum error_code code)
{
	switch (code) {
	case ERROR_NONE:
		return EXIT_DONE;
	case ERROR_BAD_REQUEST:
	case ERROR_UNAUTHENTICATED:
	case ERROR_CREDENTIAL:
	case ERROR_FORBIDDEN:
	case ERROR_NOT_FOUND:
	case ERROR_CONFLICT:
	case ERROR_PRECONDITION:
	case ERROR_IN_FLIGHT:
	case ERROR_KEY_REUSED:
	case ERROR_TOO_LARGE:
	case ERROR_UNSUPPORTED:
	case ERROR_UNACCEPTABLE:
	case ERROR_REFUSED:
		return EXIT_REFUSED;
	case ERROR_CONFIG:
		return EXIT_USAGE;
	case ERROR_IO:
		return EXIT_FILE;
	case ERROR_TAMPERED:
		return EXIT_TAMPERED;
	case ERROR_LIMITED:
	case ERROR_LOCKED_OUT:
	case ERROR_BUSY:
	case ERROR_TIMEOUT:
	case ERROR_TOKEN:
	case ERROR_LOGGED_OUT:
	case ERROR_AWAY:
	case ERROR_PIN:
	case ERROR_STORAGE:
	case ERROR_UNRECORDED:
	case ERROR_INTERNAL:
		break;
	}
	return EXIT_DAEMON;
}

const char *
exit_meaning(enum exit_status status)
{
	return meanings[status];
}
