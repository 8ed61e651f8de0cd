/* gate.c - a libmicrohttpd that accepts for itself. */
#include "service/gate.h"

#include <stdlib.h>
#include <unistd.h>

#include "service/https.h"
#include "service/shortcut.h"
#include "service/visitor.h"

#define CONNECTION_MEMORY (16 * 1024) /* cleared by MHD for each request */

struct gate {
	enum listener_kind kind;
	struct https *https; /* NULL without TLS */
	struct MHD_Daemon *daemon;
	int fd;
};

static struct visitor *
welcome(const struct gate *gate, struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	if (info == NULL || info->client_addr == NULL)
		return NULL;
	return visitor_new_nobody(info->client_addr, gate->kind == LISTENER_HTTP);
}

/* Without a visitor no certificate is shown, and no handshake comes to its end. */
static void
attend(
    const struct gate *gate, struct MHD_Connection *connection, struct visitor *visitor)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);

	if (info == NULL)
		return;
	if (visitor != NULL)
		https_attend(gate->https, info->tls_session, visitor);
	else
		gnutls_session_set_ptr(info->tls_session, NULL);
}

static void
change_connection(void *ctx, struct MHD_Connection *connection, void **state,
    enum MHD_ConnectionNotificationCode code)
{
	const struct gate *gate = ctx;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*state = welcome(gate, connection);
		if (gate->https != NULL)
			attend(gate, connection, *state);
	} else {
		visitor_free(*state);
	}
}

static struct MHD_Daemon *
start_daemon(struct gate *gate, const struct gate_handlers *handlers)
{
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
	    MHD_OPTION_EXTERNAL_LOGGER, handlers->log, NULL, MHD_OPTION_LISTEN_SOCKET,
	    gate->fd, MHD_OPTION_URI_LOG_CALLBACK, handlers->begin, handlers->ctx,
	    MHD_OPTION_NOTIFY_COMPLETED, handlers->end, handlers->ctx,
	    MHD_OPTION_NOTIFY_CONNECTION, change_connection, gate,
	    MHD_OPTION_CONNECTION_LIMIT, (unsigned)SHORTCUT_CONNECTIONS_MAX,
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SHORTCUT_IDLE_S,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
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
