/* access.c - decides; the handlers act. */
#include "api/access.h"

int
access_check(const struct caller *caller, enum access needed, struct error *err)
{
	if (needed == ACCESS_PUBLIC || caller->admin)
		return 0;
	return error_set(err, ERROR_FORBIDDEN,
	    "%s may not use this daemon: it serves root and its own user", caller->actor);
}
