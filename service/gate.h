/*
 * gate.h - an HTTPS or HTTP listener: its connections are libmicrohttpd's, a thread for
 * each, from the handshake to the last answer.
 *
 * Its socket_context is its visit, as that of a Unix socket.
 */
#ifndef SERVICE_GATE_H
#define SERVICE_GATE_H

#include <microhttpd.h>

#include "api/api.h"
#include "base/error.h"
#include "service/listen.h"
#include "service/visits.h"

struct gate;

/* What becomes of requests: the server's, all with its ctx. */
struct gate_handlers {
	MHD_AccessHandlerCallback handle;
	void *(*begin)(void *ctx, const char *uri, struct MHD_Connection *connection);
	MHD_RequestCompletedCallback end;
	MHD_LogCallback log;
	void *ctx;
	struct limits *limits; /* of connections, which are visits of these */
	struct visits *visits;
};

/* api outlives it. fd listens, and is the gate's, which closes it. */
int gate_open(const struct listener *listener, int fd, struct api *api,
    const struct gate_handlers *handlers, struct gate **gate, struct error *err);

/* Accepts no more. */
void gate_quiesce(struct gate *gate);

/* Cuts off who is still there, and frees. Quiesce it first. */
void gate_close(struct gate *gate);

#endif
