/* visitor.c - from a socket's credentials to a caller. */
#include "service/visitor.h"

#include <stdlib.h>

#include "base/log.h"

struct visitor *
visitor_new(int fd, bool everyone_is_admin)
{
	struct visitor *visitor = calloc(1, sizeof(*visitor));
	char quoted[LOG_QUOTED_MAX];
	struct caller *caller;
	struct error err;

	if (visitor == NULL)
		return NULL;
	if (peer_of_socket(fd, &visitor->peer, &err) != 0) {
		log_error("peer.unknown", "why=\"%s\"", log_quoted(quoted, err.text));
		free(visitor);
		return NULL;
	}
	caller = &visitor->caller;
	peer_actor(&visitor->peer, caller->actor);
	caller->uid = visitor->peer.uid;
	caller->gid = visitor->peer.gid;
	caller->groups = visitor->peer.groups;
	caller->group_count = visitor->peer.group_count;
	caller->admin = everyone_is_admin || who_is_owner(caller->uid);
	return visitor;
}

void
visitor_free(struct visitor *visitor)
{
	if (visitor == NULL)
		return;
	rulebook_let_go(&visitor->hold);
	peer_clear(&visitor->peer);
	free(visitor);
}
