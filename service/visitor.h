/* visitor.h - who a connection comes from, as the access rules know them. */
#ifndef SERVICE_VISITOR_H
#define SERVICE_VISITOR_H

#include <stdbool.h>
#include <sys/socket.h>

#include "api/request.h"
#include "api/rulebook.h"
#include "base/error.h"
#include "service/peer.h"

struct client_certificate;
struct https;

struct visitor {
	struct peer peer;
	struct caller caller; /* its groups are the peer's */
	struct rulebook_hold hold;
	bool published_only; /* as struct request has it */
	/* Of an HTTPS connection: */
	struct https *https;
	struct client_certificate *certificate; /* NULL: it showed none */
};

/*
 * Asks the kernel, once for each connection. everyone_is_admin: --dev. NULL, and a line
 * in the log, when there is no telling. The caller frees with visitor_free.
 */
struct visitor *visitor_new(int fd, bool everyone_is_admin);

/* Of a TCP connection from there. NULL when out of memory. */
struct visitor *visitor_new_nobody(const struct sockaddr *address, bool published_only);

/* It is who the certificate says, which is the visitor's from here on. */
void visitor_introduce(struct visitor *visitor, struct client_certificate *certificate);

/* ERROR_FORBIDDEN once what it was let in by holds no more. */
int visitor_check(struct visitor *visitor, struct error *err);

void visitor_free(struct visitor *visitor);

#endif
