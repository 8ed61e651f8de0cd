/* visitor.c - from a socket's credentials to a caller. */
#include "service/visitor.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "ca/client_certificate.h"
#include "service/tcp.h"

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

struct visitor *
visitor_new_nobody(const struct sockaddr *address, bool published_only)
{
	struct visitor *visitor = calloc(1, sizeof(*visitor));
	char host[TCP_HOST_SIZE];

	if (visitor == NULL)
		return NULL;
	visitor->caller.kind = CALLER_NOBODY;
	snprintf(visitor->caller.actor, sizeof(visitor->caller.actor), "nobody:%s",
	    tcp_host(address, host));
	visitor->published_only = published_only;
	return visitor;
}

void
visitor_introduce(struct visitor *visitor, struct client_certificate *certificate)
{
	struct caller *caller = &visitor->caller;

	visitor->certificate = certificate;
	caller->kind = CALLER_CERTIFICATE;
	caller->names = client_certificate_names(certificate, &caller->name_count);
	snprintf(caller->actor, sizeof(caller->actor), "%s",
	    client_certificate_actor(certificate));
}

int
visitor_check(struct visitor *visitor, struct error *err)
{
	if (visitor->certificate == NULL)
		return 0;
	return client_certificate_check(visitor->certificate, err);
}

void
visitor_free(struct visitor *visitor)
{
	if (visitor == NULL)
		return;
	rulebook_let_go(&visitor->hold);
	client_certificate_free(visitor->certificate);
	peer_clear(&visitor->peer);
	free(visitor);
}
