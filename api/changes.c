/* changes.c - a lock with a deadline. */
#include "api/changes.h"

#include "base/deadline.h"

int
changes_begin(struct api *api, struct error *err)
{
	struct timespec deadline = deadline_in(api->changes_wait_ms);

	if (pthread_mutex_clocklock(&api->changes, DEADLINE_CLOCK, &deadline) == 0)
		return 0;
	return error_set(err, ERROR_BUSY,
	    "another change of keys or issuers is in progress, and takes its time");
}

void
changes_end(struct api *api)
{
	pthread_mutex_unlock(&api->changes);
}
