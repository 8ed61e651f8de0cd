/* visitor.h - who a connection comes from, as the access rules know them. */
#ifndef SERVICE_VISITOR_H
#define SERVICE_VISITOR_H

#include <stdbool.h>

#include "api/request.h"
#include "api/rulebook.h"
#include "service/peer.h"

struct visitor {
	struct peer peer;
	struct caller caller; /* its groups are the peer's */
	struct rulebook_hold hold;
};

/*
 * Asks the kernel, once for each connection. everyone_is_admin: --dev. NULL, and a line
 * in the log, when there is no telling. The caller frees with visitor_free.
 */
struct visitor *visitor_new(int fd, bool everyone_is_admin);
void visitor_free(struct visitor *visitor);

#endif
