/*
 * client.c - requests over kept connections.
 *
 * There is no lock, hence nothing that a thread which did not survive fork(2) could be
 * holding in the child. The child's first call finds its parent's idle connections in
 * the pool and closes them unused (if the application has not: see connection.h).
 *
 * A connection that another thread of the parent was using at the fork is in no slot. Its
 * descriptor stays open in the child until exec or exit, never used; the daemon's idle
 * timeout ends it. A pthread_atfork handler could close it, but it would outlive the
 * dlclose of a provider that holds this code.
 */
#include "client/client.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "client/pool.h"
#include "client/process.h"
#include "client/sockets.h"

struct client {
	struct client_options options;
	struct process process;
	struct sockets sockets;
	struct pool pool;
};

int
client_new(
    const struct client_options *options, struct client **client, struct error *err)
{
	struct client *c;

	if (options->connect_timeout_ms <= 0 || options->answer_timeout_ms <= 0)
		return error_set(err, ERROR_CONFIG, "a timeout must be positive");
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	c->options = *options;
	c->options.sockets = NULL; /* the caller's */
	process_init(&c->process);
	pool_init(&c->pool);
	if (sockets_init(&c->sockets, options->sockets, options->relative_paths,
		options->connect_timeout_ms + options->answer_timeout_ms, err) != 0) {
		client_free(c);
		return -1;
	}
	*client = c;
	return 0;
}

void
client_free(struct client *client)
{
	if (client == NULL)
		return;
	pool_clear(&client->pool);
	sockets_clear(&client->sockets);
	process_clear(&client->process);
	free(client);
}

void
client_response_init(struct client_response *res, size_t max_bytes)
{
	*res = (struct client_response){ .status = 0 };
	buf_init(&res->body, max_bytes);
}

void
client_response_free(struct client_response *res)
{
	buf_free(&res->body);
}

struct call {
	struct client *client;
	struct connection_call to; /* for the connection */
	uint64_t process;
	size_t last_resort; /* the socket that just failed; SOCKETS_MAX: none */
	bool resting;       /* every socket that was not reached is resting */
	size_t text_len;
	char text[ERROR_TEXT_MAX]; /* why each socket was not reached */
};

static void
add_reason(struct call *call, const char *reason)
{
	size_t room = sizeof(call->text) - call->text_len;
	int n = snprintf(call->text + call->text_len, room, "%s%s",
	    call->text_len == 0 ? "" : "; ", reason);

	call->text_len += (size_t)n < room ? (size_t)n : room - 1;
}

static int
open_one(struct call *call, size_t i, struct connection **conn, enum error_code *code)
{
	struct client *client = call->client;
	struct connection_options options = {
		.socket = client->sockets.name[i],
		.socket_index = i,
		.process = call->process,
		.connect_timeout_ms = client->options.connect_timeout_ms,
		.answer_timeout_ms = client->options.answer_timeout_ms,
		.waiter = call->to.waiter,
		.waiter_ctx = call->to.waiter_ctx,
	};
	int64_t rest_ms = sockets_claim(&client->sockets, i, clock_mono_ms());
	struct error why = { .code = ERROR_TIMEOUT };

	if (rest_ms > 0) {
		error_set(&why, ERROR_TIMEOUT,
		    "%s did not answer in time; not asked again for another %.1f s",
		    options.socket, (double)rest_ms / 1000);
	} else {
		if (connection_open(&options, conn, &why) == 0)
			return 0;
		call->resting = false;
		sockets_report(&client->sockets, i, why.code == ERROR_TIMEOUT);
	}
	add_reason(call, why.text);
	*code = why.code;
	return -1;
}

/* Tries the sockets in order; the message of a failure has a reason for each of them. */
static int
open_any(struct call *call, struct connection **conn, struct error *err)
{
	enum error_code code = ERROR_IO;
	size_t count = call->client->sockets.count, last = call->last_resort;

	call->resting = true;
	call->text_len = 0;
	for (size_t i = 0; i < count; i++)
		if (i != last && open_one(call, i, conn, &code) == 0)
			return 0;
	if (last < count && open_one(call, last, conn, &code) == 0)
		return 0;
	return error_set(err, code, "%skeyholdd at %s",
	    call->resting ? "" : "cannot reach ", call->text);
}

/*
 * A second daemon serves while the first is away: its connections are given up after a
 * second, so that the first is asked again.
 */
static bool
is_worth_keeping(const struct call *call, const struct connection *conn)
{
	return conn->reusable && !call->to.req->close &&
	       (conn->socket_index == 0 ||
		   conn->used_ms - conn->opened_ms < SOCKETS_REST_MS);
}

/* Spends the connection. *died: before any byte of an answer. */
static int
exchange(struct call *call, struct connection *conn, struct client_response *res,
    bool *died, struct error *err)
{
	struct error why = { .code = ERROR_NONE };
	int rc = connection_exchange(conn, &call->to, res, &why);

	*died = conn->hung_up;
	sockets_report(
	    &call->client->sockets, conn->socket_index, why.code == ERROR_TIMEOUT);
	if (is_worth_keeping(call, conn))
		pool_keep(&call->client->pool, conn);
	else
		connection_free(conn);
	return rc == 0 ? 0 : error_set(err, why.code, "%s", why.text);
}

/* Only what may be done twice takes a kept connection, which may be dead. */
static struct connection *
take_kept(const struct call *call)
{
	struct client *client = call->client;

	return call->to.req->repeatable
		   ? pool_take(&client->pool, &client->sockets, call->process)
		   : NULL;
}

/*
 * A connection can die at any time, when the daemon stops or its idle timeout strikes:
 * that alone is worth a second attempt, and only one. A timeout is not, for the daemon
 * may still be at work on the first.
 */
static int
run(struct call *call, struct client_response *res, struct error *err)
{
	struct connection *conn = take_kept(call);
	bool is_kept = conn != NULL, died;
	int64_t since_ms;
	int rc;

	if (!is_kept && open_any(call, &conn, err) != 0)
		return -1;
	/*
	 * A first attempt counts, waiting for a connection never: a socket would be
	 * blamed for the time that another took.
	 */
	call->to.deadline_ms = clock_mono_ms() + call->client->options.answer_timeout_ms;
	if (!is_kept)
		call->last_resort = conn->socket_index;
	rc = exchange(call, conn, res, &died, err);
	if (rc == 0 || !died || !call->to.req->repeatable)
		return rc;
	since_ms = clock_mono_ms();
	if (open_any(call, &conn, err) != 0)
		return -1;
	call->to.deadline_ms += clock_mono_ms() - since_ms;
	return exchange(call, conn, res, &died, err);
}

int
client_call(struct client *client, const struct client_request *req,
    struct client_response *res, struct error *err)
{
	const struct client_options *options = &client->options;
	struct call call = { .client = client, .to.req = req };

	if (request_check(req, err) != 0)
		return -1;
	call.process = process_number(&client->process);
	call.last_resort = SOCKETS_MAX;
	if (req->pausable && options->waiter != NULL &&
	    options->waiter->can_pause(options->waiter_ctx)) {
		call.to.waiter = options->waiter;
		call.to.waiter_ctx = options->waiter_ctx;
	}
	return run(&call, res, err);
}
