/* gate.c - a libmicrohttpd that accepts for itself. */
#include "service/gate.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/metrics.h"
#include "base/subnet.h"
#include "service/https.h"
#include "service/tcp.h"

struct gate {
	enum listener_kind kind;
	struct https *https; /* NULL without TLS */
	struct metrics *metrics;
	struct limits *limits;
	struct visits *visits;
	struct MHD_Daemon *daemon;
	int fd;
};

/* NULL: nobody knows. */
static const struct sockaddr *
address_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	return info != NULL ? info->client_addr : NULL;
}

/* Without a visitor no certificate is shown, and no handshake comes to its end. */
static void
attend(
    const struct gate *gate, struct MHD_Connection *connection, struct visitor *visitor)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);

	if (info == NULL)
		abort(); /* its pointer would be libmicrohttpd's, taken for a visitor */
	if (visitor != NULL)
		https_attend(gate->https, info->tls_session, visitor);
	else
		gnutls_session_set_ptr(info->tls_session, NULL);
}

/* One too many is cut off; without TLS it can be told why. */
static struct visit *
admit(const struct gate *gate, int fd, const struct sockaddr *address,
    struct visitor *visitor)
{
	char host[TCP_HOST_SIZE], network[SUBNET_SIZE], peer[PEER_ACTOR_SIZE];
	struct limits_claim claim;
	struct quota *quota;
	struct visit *visit = NULL;

	snprintf(
	    peer, sizeof(peer), "nobody:%s", subnet_of(tcp_host(address, host), network));
	if (limits_are_met(gate->limits, peer, &claim))
		visits_close_idle(gate->visits, POOL_TCP, &claim);
	quota = limits_enter(gate->limits, peer, false);
	if (quota != NULL)
		visit = visits_enter(gate->visits, fd, visitor, quota);
	if (visit != NULL)
		return visit;
	if (quota != NULL)
		limits_leave(gate->limits, quota);
	if (gate->https == NULL)
		limits_turn_away(fd);
	shutdown(fd, SHUT_RDWR);
	return NULL;
}

static struct visit *
receive(const struct gate *gate, struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	const struct sockaddr *address = address_of(connection);
	struct visitor *visitor = NULL;
	struct visit *visit = NULL;

	if (address != NULL)
		visitor = visitor_new_nobody(address, gate->kind == LISTENER_HTTP);
	if (gate->https != NULL)
		attend(gate, connection, visitor);
	if (visitor != NULL && info != NULL)
		visit = admit(gate, info->connect_fd, address, visitor);
	if (visit == NULL) {
		if (gate->https != NULL)
			attend(gate, connection, NULL);
		visitor_free(visitor);
	}
	return visit;
}

static void
change_connection(void *ctx, struct MHD_Connection *connection, void **state,
    enum MHD_ConnectionNotificationCode code)
{
	const struct gate *gate = ctx;
	bool started = code == MHD_CONNECTION_NOTIFY_STARTED;

	metrics_connection(gate->metrics, READER_HTTP, started ? 1 : -1);
	if (started)
		*state = receive(gate, connection);
	else if (*state != NULL)
		visits_leave(gate->visits, *state);
}

static struct MHD_Daemon *
start_daemon(struct gate *gate, const struct gate_handlers *handlers)
{
	const struct limits_options *limits = limits_options(gate->limits);
	const struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)https_priorities },
		{ MHD_OPTION_HTTPS_CERT_CALLBACK2, 0, (void *)https_retrieve },
		{ MHD_OPTION_END, 0, NULL },
	};
	const struct MHD_OptionItem none[] = { { MHD_OPTION_END, 0, NULL } };
	unsigned flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
			 MHD_USE_POLL | MHD_USE_ITC | MHD_USE_ERROR_LOG |
			 (gate->https != NULL ? MHD_USE_TLS : 0);

	return MHD_start_daemon(flags, 0, NULL, NULL, handlers->handle, handlers->ctx,
	    MHD_OPTION_EXTERNAL_LOGGER, handlers->log, handlers->ctx,
	    MHD_OPTION_LISTEN_SOCKET, gate->fd, MHD_OPTION_URI_LOG_CALLBACK,
	    handlers->begin, handlers->ctx, MHD_OPTION_NOTIFY_COMPLETED, handlers->end,
	    handlers->ctx, MHD_OPTION_NOTIFY_CONNECTION, change_connection, gate,
	    MHD_OPTION_CONNECTION_LIMIT, 2 * limits->connections,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)limits->header_bytes,
	    MHD_OPTION_ARRAY, gate->https != NULL ? tls : none, MHD_OPTION_END);
}

int
gate_open(const struct listener *listener, int fd, struct api *api,
    const struct gate_handlers *handlers, struct gate **gate, struct error *err)
{
	struct gate *g = calloc(1, sizeof(*g));

	if (g == NULL) {
		close(fd);
		return error_set(err, ERROR_INTERNAL, "out of memory");
	}
	g->kind = listener->kind;
	g->fd = fd;
	g->metrics = api->metrics;
	g->limits = handlers->limits;
	g->visits = handlers->visits;
	if (g->kind == LISTENER_HTTPS &&
	    https_new(api, listener->settings, &g->https, err) != 0)
		goto fail;
	if ((g->daemon = start_daemon(g, handlers)) == NULL) {
		error_set(err, ERROR_IO, "the HTTP server did not start");
		goto fail;
	}
	*gate = g;
	return 0;
fail:
	gate_close(g);
	return -1;
}

void
gate_quiesce(struct gate *gate)
{
	MHD_quiesce_daemon(gate->daemon);
}

void
gate_close(struct gate *gate)
{
	if (gate->daemon != NULL) {
		MHD_quiesce_daemon(gate->daemon); /* or it would close fd, too */
		MHD_stop_daemon(gate->daemon);
	}
	https_free(gate->https);
	close(gate->fd);
	free(gate);
}
