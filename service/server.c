/*
 * server.c - from libmicrohttpd to api_handle and back.
 *
 * Each request has a struct pending from the moment its first line was read until it is
 * answered or its connection is gone. It counts from the moment its headers are complete,
 * which is what a stop waits for: a first line alone would be a way to hold it up.
 */
#include "service/server.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <microhttpd.h>

#include "api/metrics.h"
#include "base/clock.h"
#include "base/log.h"
#include "service/gate.h"
#include "service/http_body.h"
#include "service/http_response.h"
#include "service/request_id.h"
#include "service/shortcut.h"
#include "service/visits.h"

#define DRAIN_STEP_NS      2000000
#define DRAIN_QUIET_MS     50
#define FILE_BYTES_PER_MS  1000 /* a client that reads no faster is cut off */
#define DISCARD_MAX        (1024 * 1024)
#define ERROR_BODY_TOO_BIG "the body is larger than this resource takes"

struct server {
	struct server_options options;
	struct request_ids ids;
	atomic_size_t pending;
	atomic_bool stopping;
	int fds[LISTENERS_MAX]; /* copies: the listeners may be closed before us */
	size_t count;
	struct gate *gates[LISTENERS_MAX];
	size_t gate_count;
	struct visits *visits;
	struct MHD_Daemon *daemon; /* of what the shortcut hands over */
	struct shortcut *shortcut;
};

struct pending {
	struct server *server;
	struct visit *visit;
	char id[REQUEST_ID_SIZE];
	int64_t begun_ns;
	char *target;
	struct buffer body;
	size_t discarded; /* of an oversize body */
	bool started, oversize;
	bool last; /* the connection ends with its answer */
	bool cut;  /* answered with its body unread */
};

/* NULL: nobody knows who is there. */
static struct visit *
visit_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info != NULL ? info->socket_context : NULL;
}

static void
step(const struct pending *p, enum visit_phase phase)
{
	if (p->visit != NULL)
		visits_step(p->server->visits, p->visit, phase);
}

/* The first line is read: MHD hands what this returns to handle_request. */
static void *
begin_request(void *ctx, const char *uri, struct MHD_Connection *connection)
{
	struct server *server = ctx;
	struct pending *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->server = server;
	p->visit = visit_of(connection);
	request_id_next(&server->ids, p->id);
	p->begun_ns = clock_mono_ns();
	p->target = strdup(uri);
	step(p, VISIT_HEADER);
	return p;
}

static void
end_request(void *ctx, struct MHD_Connection *connection, void **state,
    enum MHD_RequestTerminationCode code)
{
	struct server *server = ctx;
	struct pending *p = *state;

	(void)connection;
	(void)code;
	if (p == NULL)
		return;
	if (p->started)
		atomic_fetch_sub(&server->pending, 1);
	step(p, VISIT_IDLE);
	buf_free(&p->body);
	free(p->target);
	free(p);
	*state = NULL;
}

static void
change_connection(void *ctx, struct MHD_Connection *connection, void **state,
    enum MHD_ConnectionNotificationCode code)
{
	const struct server *server = ctx;
	const union MHD_ConnectionInfo *info;
	bool started = code == MHD_CONNECTION_NOTIFY_STARTED;

	metrics_connection(server->options.api->metrics, READER_HTTP, started ? 1 : -1);
	if (started) {
		info = MHD_get_connection_info(
		    connection, MHD_CONNECTION_INFO_CONNECTION_FD);
		*state =
		    info != NULL ? visits_meet(server->visits, info->connect_fd) : NULL;
	} else if (*state != NULL) {
		visits_leave(server->visits, *state);
	}
}

static enum MHD_Result
send_answer(struct MHD_Connection *connection, const struct pending *p,
    const struct response *res)
{
	struct MHD_Response *response = http_response_new(res);
	enum MHD_Result result;

	if (response == NULL)
		return MHD_NO;
	MHD_add_response_header(response, REQUEST_ID_HEADER, p->id);
	/* Else a busy client is served on until the drain ends, and then cut off. */
	if (p->last || atomic_load(&p->server->stopping))
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	if (res->is_file)
		visits_lengthen(
		    p->server->visits, p->visit, res->file_bytes / FILE_BYTES_PER_MS);
	result = MHD_queue_response(connection, (unsigned)res->status, response);
	MHD_destroy_response(response);
	return result;
}

static const char *
header(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* What is needed to admit it. Without a caller there is nobody to answer. */
static struct request
first_line_of(
    struct MHD_Connection *connection, const struct pending *p, const char *method)
{
	struct visitor *visitor = p->visit != NULL ? p->visit->visitor : NULL;

	return (struct request){
		.id = p->id,
		/* MHD leaves the body out of the answer to a HEAD. */
		.method = strcmp(method, "HEAD") == 0 ? "GET" : method,
		.target = p->target,
		.authorization = header(connection, MHD_HTTP_HEADER_AUTHORIZATION),
		.is_cut = p->cut,
		.caller = visitor != NULL ? &visitor->caller : NULL,
		.hold = visitor != NULL ? &visitor->hold : NULL,
		.published_only = visitor != NULL && visitor->published_only,
	};
}

static struct request
request_of(struct MHD_Connection *connection, const struct pending *p, const char *method)
{
	struct request req = first_line_of(connection, p, method);

	req.content_type = header(connection, MHD_HTTP_HEADER_CONTENT_TYPE);
	req.accept = header(connection, MHD_HTTP_HEADER_ACCEPT);
	req.if_match = header(connection, MHD_HTTP_HEADER_IF_MATCH);
	req.if_none_match = header(connection, MHD_HTTP_HEADER_IF_NONE_MATCH);
	req.if_modified_since = header(connection, MHD_HTTP_HEADER_IF_MODIFIED_SINCE);
	req.idempotency_key = header(connection, "Idempotency-Key");
	req.body = buf_bytes(&p->body);
	return req;
}

static enum MHD_Result
answer(struct MHD_Connection *connection, struct pending *p, const char *method)
{
	struct request req = request_of(connection, p, method);
	struct response res;
	struct error err;
	enum MHD_Result result;

	metrics_wait(p->server->options.api->metrics, STAGE_REQUEST,
	    clock_mono_ns() - p->begun_ns);
	visits_begin(p->server->visits, p->visit);
	response_init(&res);
	/* For good: its next request would fare no better. */
	p->last = visitor_check(p->visit->visitor, &err) != 0;
	if (p->last)
		api_refuse(p->server->options.api, &req, &res, err.code, err.text);
	else if (p->oversize)
		api_refuse(p->server->options.api, &req, &res, ERROR_TOO_LARGE,
		    ERROR_BODY_TOO_BIG);
	else
		api_handle(p->server->options.api, &req, &res);
	visits_end(p->server->visits, p->visit);
	result = send_answer(connection, p, &res);
	response_free(&res);
	return result;
}

/*
 * The headers are complete. Answering now makes MHD close the connection, which saves
 * reading a long body; else the answer can wait for the next call, and the connection
 * stays.
 */
static enum MHD_Result
start_request(struct MHD_Connection *connection, struct pending *p, const char *method)
{
	struct request req = first_line_of(connection, p, method);

	p->started = true;
	atomic_fetch_add(&p->server->pending, 1);
	step(p, VISIT_BODY);
	if (req.caller == NULL)
		return MHD_NO;
	if (!api_admits(p->server->options.api, &req)) {
		p->cut = http_body_is_declared(connection);
		return p->cut && !http_body_is_short(connection)
			   ? answer(connection, p, method)
			   : MHD_YES;
	}
	buf_init(&p->body, api_body_max(p->target));
	p->oversize = http_body_exceeds(connection, p->body.max_bytes);
	return p->oversize ? answer(connection, p, method) : MHD_YES;
}

/*
 * A chunked body shows its size late, and MHD takes no answer amid a body: who sent a
 * little too much is told so at its end, who goes on and on is cut off.
 */
static enum MHD_Result
take_body(struct pending *p, const char *data, size_t len)
{
	if (p->cut)
		return MHD_YES;
	if (p->oversize || len > p->body.max_bytes - p->body.len) {
		p->oversize = true;
		p->discarded += len;
		return p->discarded <= DISCARD_MAX ? MHD_YES : MHD_NO;
	}
	buf_append(&p->body, data, len);
	return buf_failed(&p->body) ? MHD_NO : MHD_YES;
}

static enum MHD_Result
handle_request(void *ctx, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *data, size_t *len, void **state)
{
	struct pending *p = *state;
	enum MHD_Result result;

	(void)ctx;
	(void)url;
	(void)version;
	if (p == NULL || p->target == NULL)
		return MHD_NO;
	if (!p->started)
		return start_request(connection, p, method);
	if (*len == 0)
		return answer(connection, p, method);
	result = take_body(p, data, *len);
	*len = 0;
	return result;
}

static void log_message(void *ctx, const char *fmt, va_list ap) PRINTF(2, 0);

static void
log_message(void *ctx, const char *fmt, va_list ap)
{
	const struct server *server = ctx;
	char text[256], quoted[LOG_QUOTED_MAX];

	if (vsnprintf(text, sizeof(text), fmt, ap) <= 0)
		return;
	/* MHD answers to too large a header itself, and tells nobody but its log. */
	if (strstr(text, "code is 431 ") != NULL || strstr(text, "code is 414 ") != NULL)
		limits_note(server->options.limits, LIMIT_HEADER_BYTES, "unknown");
	log_debug("http.noted", "text=\"%s\"", log_quoted(quoted, text));
}

/*
 * It accepts nothing itself: connections come from the shortcut, and visits has an eye on
 * the time that they take. Its own limit is out of reach: it counts longer than we do.
 */
static struct MHD_Daemon *
start_daemon(struct server *server)
{
	const struct limits_options *limits = limits_options(server->options.limits);

	return MHD_start_daemon(
	    MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
		MHD_USE_POLL | MHD_USE_ITC | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ERROR_LOG,
	    0, NULL, NULL, handle_request, server, MHD_OPTION_EXTERNAL_LOGGER,
	    log_message, server, MHD_OPTION_URI_LOG_CALLBACK, begin_request, server,
	    MHD_OPTION_NOTIFY_COMPLETED, end_request, server,
	    MHD_OPTION_NOTIFY_CONNECTION, change_connection, server,
	    MHD_OPTION_CONNECTION_LIMIT, 2 * limits->connections,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)limits->header_bytes,
	    MHD_OPTION_END);
}

/* libmicrohttpd closes what it cannot take, and visits then lets it go in time. */
static void
take_over(void *ctx, int fd, struct visitor *visitor, struct quota *quota)
{
	const struct sockaddr_un unnamed = { .sun_family = AF_UNIX };
	struct server *server = ctx;
	struct visit *visit = visits_enter(server->visits, fd, visitor, quota);

	if (visit == NULL) {
		limits_turn_away(fd);
		close(fd);
		limits_leave(server->options.limits, quota);
		visitor_free(visitor);
	} else if (MHD_add_connection(server->daemon, fd,
		       (const struct sockaddr *)&unnamed,
		       sizeof(unnamed.sun_family)) != MHD_YES) {
		limits_note(server->options.limits, LIMIT_MEMORY, "unknown");
	}
}

static bool
make_room(void *ctx, const struct limits_claim *claim)
{
	const struct server *server = ctx;

	return visits_close_idle(server->visits, POOL_UNIX, claim);
}

void
server_free(struct server *server)
{
	for (size_t i = 0; i < server->gate_count; i++)
		gate_close(server->gates[i]);
	if (server->shortcut != NULL)
		shortcut_stop(server->shortcut);
	if (server->daemon != NULL)
		MHD_stop_daemon(server->daemon);
	visits_stop(server->visits);
	for (size_t i = 0; i < server->count; i++)
		close(server->fds[i]);
	free(server);
}

static int
start_shortcut(struct server *server, struct error *err)
{
	struct shortcut_options options = {
		.api = server->options.api,
		.ids = &server->ids,
		.limits = server->options.limits,
		.everyone_is_admin = server->options.everyone_is_admin,
		.count = server->count,
		.hand_over = take_over,
		.make_room = make_room,
		.ctx = server,
	};

	memcpy(options.fds, server->fds, sizeof(options.fds));
	if ((server->daemon = start_daemon(server)) == NULL)
		return error_set(err, ERROR_IO, "the HTTP server did not start");
	return shortcut_start(&options, &server->shortcut, err);
}

static int
open_gate(
    struct server *server, const struct listener *listener, int fd, struct error *err)
{
	const struct gate_handlers handlers = {
		.handle = handle_request,
		.begin = begin_request,
		.end = end_request,
		.log = log_message,
		.ctx = server,
		.limits = server->options.limits,
		.visits = server->visits,
	};
	struct gate **gate = &server->gates[server->gate_count];

	if (gate_open(listener, fd, server->options.api, &handlers, gate, err) != 0)
		return -1;
	server->gate_count++;
	return 0;
}

static int
open_entrance(struct server *server, const struct listener *listener, struct error *err)
{
	int fd = fcntl(listener->fd, F_DUPFD_CLOEXEC, 0);

	if (fd < 0)
		return error_set_errno(err, ERROR_IO, "a listener");
	if (listener->kind != LISTENER_UNIX)
		return open_gate(server, listener, fd, err);
	server->fds[server->count++] = fd;
	return 0;
}

static int
open_all(struct server *server, const struct listener *listeners, size_t count,
    struct error *err)
{
	if (count > LISTENERS_MAX)
		return error_set(
		    err, ERROR_CONFIG, "more than %d listeners", LISTENERS_MAX);
	if (request_ids_init(&server->ids, err) != 0 ||
	    visits_start(server->options.limits, &server->visits, err) != 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (open_entrance(server, &listeners[i], err) != 0)
			return -1;
	return start_shortcut(server, err);
}

int
server_start(const struct server_options *options, const struct listener *listeners,
    size_t count, struct server **server, struct error *err)
{
	struct server *s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	s->options = *options;
	if (open_all(s, listeners, count, err) != 0) {
		server_free(s);
		return -1;
	}
	*server = s;
	return 0;
}

static size_t
count_pending(const struct server *server)
{
	return atomic_load(&server->pending) + shortcut_pending(server->shortcut);
}

/*
 * Milliseconds are long next to a signature, and a stop may take a few. None pending has
 * to hold for a moment: a busy client that was answered just before the stop is about to
 * ask again, and only the next answer tells it to go.
 */
static bool
drain(const struct server *server, int drain_ms)
{
	const struct timespec step = { .tv_nsec = DRAIN_STEP_NS };
	int64_t now = clock_mono_ms(), busy = now, deadline = now + drain_ms;

	while (now < deadline && now - busy < DRAIN_QUIET_MS) {
		nanosleep(&step, NULL);
		now = clock_mono_ms();
		if (count_pending(server) > 0)
			busy = now;
	}
	return count_pending(server) == 0;
}

bool
server_drain(struct server *server, int drain_ms)
{
	atomic_store(&server->stopping, true);
	for (size_t i = 0; i < server->gate_count; i++)
		gate_quiesce(server->gates[i]);
	shortcut_quiesce(server->shortcut);
	return drain(server, drain_ms);
}
