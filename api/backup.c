/* backup.c - GET /v1/backup. */
#include "api/handlers.h"

#include <stdio.h>

#include "store/backup.h"

int
get_backup(struct exchange *x, struct error *err)
{
	struct response *res = x->res;
	struct audit_event event = {
		.actor = x->req->caller->actor,
		.request = x->req->id,
		.action = "backup.made",
		.object = "store",
	};

	if (store_backup(x->api->store, &event, &res->file, &res->file_bytes, err) != 0)
		return -1;
	res->is_file = true;
	snprintf(res->cache_control, sizeof(res->cache_control), "no-store");
	return response_finish(res, "application/vnd.sqlite3", err);
}
