/*
 * client.c - requests over a handful of kept connections.
 *
 * Idle connections lie in an array of atomic slots. Taking one is an exchange with
 * NULL and keeping one a compare-and-swap from NULL, so a connection has exactly one
 * owner: a slot or a thread. There is no lock, hence nothing that a thread which did not
 * survive fork(2) could be holding in the child: whatever instruction the fork met, the
 * child's array is consistent. Its connections bear the parent's pid; the child's first
 * call finds no other, so it meets every one of them, and closes it unused (if the
 * application has not: see connection.h).
 *
 * A connection that another thread of the parent was using at the fork is in no slot. Its
 * descriptor stays open in the child until exec or exit, never used; the daemon's idle
 * timeout ends it. A pthread_atfork handler could close it, but it would outlive the
 * dlclose of a provider that holds this code.
 */
#include "client/client.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "client/connection.h"

#define IDLE_MAX       16
#define SOCKETS_MAX    8
#define HEAD_MAX_BYTES 4096

struct client {
	int connect_timeout_ms;
	int answer_timeout_ms;
	size_t socket_count;
	const char *socket[SOCKETS_MAX]; /* into names */
	char *names;
	_Atomic(struct connection *) idle[IDLE_MAX];
};

static int
split_sockets(struct client *client, struct error *err)
{
	char *rest = client->names, *name;

	while ((name = strsep(&rest, ",")) != NULL) {
		if (*name == '\0')
			return error_set(
			    err, ERROR_CONFIG, "an empty name in the list of sockets");
		if (strlen(name) > connection_socket_max())
			return error_set(err, ERROR_CONFIG,
			    "%s: longer than the %zu bytes of a socket's path", name,
			    connection_socket_max());
		if (client->socket_count == SOCKETS_MAX)
			return error_set(
			    err, ERROR_CONFIG, "more than %d sockets", SOCKETS_MAX);
		client->socket[client->socket_count++] = name;
	}
	return 0;
}

int
client_new(
    const struct client_options *options, struct client **client, struct error *err)
{
	struct client *c;
	int rc = -1;

	if (options->connect_timeout_ms <= 0 || options->answer_timeout_ms <= 0)
		return error_set(err, ERROR_CONFIG, "a timeout must be positive");
	if ((c = calloc(1, sizeof(*c))) == NULL ||
	    (c->names = strdup(options->sockets)) == NULL) {
		error_set(err, ERROR_INTERNAL, "out of memory");
		goto out;
	}
	c->connect_timeout_ms = options->connect_timeout_ms;
	c->answer_timeout_ms = options->answer_timeout_ms;
	for (size_t i = 0; i < IDLE_MAX; i++)
		atomic_init(&c->idle[i], NULL);
	if (split_sockets(c, err) != 0)
		goto out;
	*client = c;
	c = NULL;
	rc = 0;
out:
	client_free(c);
	return rc;
}

void
client_free(struct client *client)
{
	if (client == NULL)
		return;
	for (size_t i = 0; i < IDLE_MAX; i++)
		connection_free(atomic_load(&client->idle[i]));
	free(client->names);
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

/* NULL when there is none that this process may use; closes those it may not. */
static struct connection *
take_idle(struct client *client)
{
	for (size_t i = 0; i < IDLE_MAX; i++) {
		struct connection *conn;

		if (atomic_load_explicit(&client->idle[i], memory_order_relaxed) == NULL)
			continue;
		conn = atomic_exchange(&client->idle[i], NULL);
		if (conn != NULL && connection_is_usable(conn))
			return conn;
		connection_free(conn);
	}
	return NULL;
}

static void
keep_idle(struct client *client, struct connection *conn)
{
	for (size_t i = 0; conn->reusable && i < IDLE_MAX; i++) {
		struct connection *empty = NULL;

		if (atomic_compare_exchange_strong(&client->idle[i], &empty, conn))
			return;
	}
	connection_free(conn);
}

/* Tries the sockets in order; the message of a failure has a reason for each of them. */
static int
open_any(struct client *client, struct connection **conn, struct error *err)
{
	struct error why = { .code = ERROR_IO };
	char reasons[ERROR_TEXT_MAX] = "";
	size_t len = 0;

	for (size_t i = 0; i < client->socket_count; i++) {
		if (connection_open(
			client->socket[i], client->connect_timeout_ms, conn, &why) == 0)
			return 0;
		len += (size_t)snprintf(reasons + len, sizeof(reasons) - len, "%s%s",
		    i == 0 ? "" : "; ", why.text);
		if (len >= sizeof(reasons))
			len = sizeof(reasons) - 1;
	}
	return error_set(err, why.code, "cannot reach keyholdd at %s", reasons);
}

/* Visible ASCII, and spaces where a header field may have them: no line ends. */
static bool
is_clean(const char *text, char lowest)
{
	for (; *text != '\0'; text++)
		if (*text < lowest || *text > '~')
			return false;
	return true;
}

static int
write_head(char head[static HEAD_MAX_BYTES], const struct client_request *req,
    size_t *len, struct error *err)
{
	const char *accept = req->accept != NULL ? req->accept : "*/*";
	const char *type = req->content_type;
	int n;

	if (!is_clean(req->method, '!') || !is_clean(req->path, '!') ||
	    !is_clean(accept, ' ') || (type != NULL && !is_clean(type, ' ')))
		return error_set(err, ERROR_BAD_REQUEST,
		    "a request with a character that HTTP does not allow there");
	n = snprintf(head, HEAD_MAX_BYTES,
	    "%s %s HTTP/1.1\r\nHost: localhost\r\nAccept: %s\r\n"
	    "%s%s%sContent-Length: %zu\r\n\r\n",
	    req->method, req->path, accept, type != NULL ? "Content-Type: " : "",
	    type != NULL ? type : "", type != NULL ? "\r\n" : "", req->body.len);
	if (n < 0 || n >= HEAD_MAX_BYTES)
		return error_set(err, ERROR_TOO_LARGE, "a request line of %zu bytes",
		    strlen(req->path));
	*len = (size_t)n;
	return 0;
}

/* Spends the connection: keeps it if it is in step with the daemon, else closes it. */
static int
exchange(struct client *client, struct connection *conn,
    const struct connection_request *message, struct client_response *res, bool *hung_up,
    struct error *err)
{
	int rc = connection_exchange(conn, message, res, err);

	*hung_up = conn->hung_up;
	keep_idle(client, conn);
	return rc;
}

/*
 * A kept connection can die between our look at it and our request, when the daemon stops
 * or its idle timeout strikes: that alone is worth a second attempt. A timeout is not,
 * for the daemon may still be at work on the first. What must not be done twice takes no
 * kept connection.
 */
int
client_call(struct client *client, const struct client_request *req,
    struct client_response *res, struct error *err)
{
	char head[HEAD_MAX_BYTES];
	struct connection_request message = { .body = req->body };
	struct connection *conn;
	bool hung_up = false;

	if (write_head(head, req, &message.head.len, err) != 0)
		return -1;
	message.head.data = (const unsigned char *)head;
	message.deadline_ms = clock_mono_ms() + client->answer_timeout_ms;
	if (req->repeatable && (conn = take_idle(client)) != NULL) {
		int rc = exchange(client, conn, &message, res, &hung_up, err);

		if (rc == 0 || !hung_up)
			return rc;
	}
	if (open_any(client, &conn, err) != 0)
		return -1;
	/* Waiting for the connection does not count; a first attempt does. */
	if (!hung_up)
		message.deadline_ms = clock_mono_ms() + client->answer_timeout_ms;
	return exchange(client, conn, &message, res, &hung_up, err);
}
