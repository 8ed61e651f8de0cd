/*
 * request_id.h - a name for each request, in the log, the audit record and the answer.
 *
 * "3f9c1a2e-1c4": random for each start of the daemon, then a count. Any thread.
 */
#ifndef SERVICE_REQUEST_ID_H
#define SERVICE_REQUEST_ID_H

#include <stdatomic.h>

#include "base/error.h"

#define REQUEST_ID_SIZE   26 /* 8 hex digits, a hyphen, up to 16, and a NUL */
#define REQUEST_ID_HEADER "X-Request-Id"

struct request_ids {
	char start[9];
	atomic_ullong count;
};

int request_ids_init(struct request_ids *ids, struct error *err);

/* Returns out. */
const char *request_id_next(struct request_ids *ids, char out[static REQUEST_ID_SIZE]);

#endif
