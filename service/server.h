/*
 * server.h - HTTP on the listeners: the one home of libmicrohttpd.
 *
 * A thread for each connection that libmicrohttpd has; what it does with a request is
 * api_handle's business. Connections that bring nothing but requests for signatures stay
 * in the shortcut.
 */
#ifndef SERVICE_SERVER_H
#define SERVICE_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "api/api.h"
#include "base/error.h"
#include "service/limits.h"
#include "service/listen.h"

struct server;

struct server_options {
	struct api *api; /* outlives the server, as do the limits */
	struct limits *limits;
	bool everyone_is_admin; /* --dev: whoever can open the socket */
};

/* The listeners' descriptors stay the caller's, who may close them before the server. */
int server_start(const struct server_options *options, const struct listener *listeners,
    size_t count, struct server **server, struct error *err);

/*
 * Accepts no more, and lets the requests in flight finish for up to drain_ms, each answer
 * the last of its connection. false: some did not finish in time.
 */
bool server_drain(struct server *server, int drain_ms);

/* Closes every connection, and waits for those who answer. */
void server_free(struct server *server);

#endif
