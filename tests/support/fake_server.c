/* fake_server.c - a poll loop that splits requests and lets the test answer them. */
#include "tests/support/fake_server.h"

#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/base/directory.h"

#define PEERS_MAX   64
#define REQUEST_MAX (1024 * 1024)
#define FIRST_PEER  2 /* after the listener and the stop pipe */

struct peer {
	unsigned number;
	struct buffer in;
};

struct fake_server {
	enum fake_action (*handler)(void *ctx, struct fake_request *req);
	void *ctx;
	void *directory;
	char socket[64];
	unsigned port; /* 0: it is on the socket */
	int stop[2];
	pthread_t thread;
	struct pollfd fd[FIRST_PEER + PEERS_MAX];
	struct peer peer[PEERS_MAX];
	pthread_mutex_t mutex; /* of what follows */
	unsigned connections;
	unsigned requests;
	struct buffer seen;
};

static void
check(bool fine, const char *what)
{
	if (fine)
		return;
	perror(what);
	abort();
}

static void
hang_up(struct fake_server *server, int i)
{
	close(server->fd[FIRST_PEER + i].fd);
	server->fd[FIRST_PEER + i].fd = -1;
	buf_free(&server->peer[i].in);
}

static void
accept_peer(struct fake_server *server)
{
	int fd = accept(server->fd[0].fd, NULL, NULL), i = 0;

	check(fd >= 0, "accept");
	while (i < PEERS_MAX && server->fd[FIRST_PEER + i].fd >= 0)
		i++;
	check(i < PEERS_MAX, "too many connections");
	server->fd[FIRST_PEER + i] = (struct pollfd){ .fd = fd, .events = POLLIN };
	buf_init(&server->peer[i].in, REQUEST_MAX);
	pthread_mutex_lock(&server->mutex);
	server->peer[i].number = ++server->connections;
	pthread_mutex_unlock(&server->mutex);
}

static void
send_reply(int fd, const struct buffer *reply)
{
	size_t sent = 0;

	while (sent < reply->len) {
		ssize_t n = send(fd, reply->data + sent, reply->len - sent, MSG_NOSIGNAL);

		/* A test may have hung up on purpose. */
		if (n < 0)
			return;
		sent += (size_t)n;
	}
}

/* The body's length, or -1 while the request is incomplete. */
static long
body_length(const struct buffer *in, const char **body)
{
	const char *text = buf_string(in), *end = strstr(text, "\r\n\r\n");
	const char *field = strcasestr(text, "\r\nContent-Length:");
	long len;

	if (end == NULL)
		return -1;
	*body = end + 4;
	len = field != NULL && field < end ? atol(field + strlen("\r\nContent-Length:"))
					   : 0;
	return in->len - (size_t)(*body - text) >= (size_t)len ? len : -1;
}

static void
answer(struct fake_server *server, int i, const char *body)
{
	struct peer *peer = &server->peer[i];
	struct fake_request req = {
		.connection = peer->number, .head = buf_string(&peer->in), .body = body
	};
	enum fake_action action;

	pthread_mutex_lock(&server->mutex);
	req.number = ++server->requests;
	buf_append(&server->seen, peer->in.data, peer->in.len);
	buf_text(&server->seen, "\n");
	pthread_mutex_unlock(&server->mutex);
	buf_init(&req.reply, 0);
	action = server->handler(server->ctx, &req);
	send_reply(server->fd[FIRST_PEER + i].fd, &req.reply);
	buf_free(&req.reply);
	buf_reset(&peer->in);
	if (action == FAKE_CLOSE)
		hang_up(server, i);
}

static void
read_peer(struct fake_server *server, int i)
{
	char block[4096];
	ssize_t n = recv(server->fd[FIRST_PEER + i].fd, block, sizeof(block), 0);
	const char *body;

	if (n <= 0) {
		hang_up(server, i);
		return;
	}
	buf_append(&server->peer[i].in, block, (size_t)n);
	if (body_length(&server->peer[i].in, &body) >= 0)
		answer(server, i, body);
}

static void *
serve(void *arg)
{
	struct fake_server *server = arg;

	for (;;) {
		check(poll(server->fd, FIRST_PEER + PEERS_MAX, -1) > 0, "poll");
		if (server->fd[1].revents != 0)
			return NULL;
		if (server->fd[0].revents != 0)
			accept_peer(server);
		for (int i = 0; i < PEERS_MAX; i++)
			if (server->fd[FIRST_PEER + i].fd >= 0 &&
			    server->fd[FIRST_PEER + i].revents != 0)
				read_peer(server, i);
	}
}

static int
listen_on(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	check(fd >= 0, "socket");
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	check(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0, "bind");
	check(listen(fd, PEERS_MAX) == 0, "listen");
	return fd;
}

static int
listen_on_port(unsigned *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	check(fd >= 0, "socket");
	check(bind(fd, (struct sockaddr *)&address, len) == 0, "bind");
	check(getsockname(fd, (struct sockaddr *)&address, &len) == 0, "getsockname");
	check(listen(fd, PEERS_MAX) == 0, "listen");
	*port = ntohs(address.sin_port);
	return fd;
}

static struct fake_server *
start(enum fake_action (*handler)(void *ctx, struct fake_request *req), void *ctx,
    bool has_port)
{
	struct fake_server *server = calloc(1, sizeof(*server));

	check(server != NULL, "calloc");
	server->handler = handler;
	server->ctx = ctx;
	check(directory_make(&server->directory) == 0, "mkdtemp");
	snprintf(server->socket, sizeof(server->socket), "%s/keyhold.sock",
	    (const char *)server->directory);
	check(pipe(server->stop) == 0, "pipe");
	for (int i = 0; i < FIRST_PEER + PEERS_MAX; i++)
		server->fd[i].fd = -1;
	server->fd[0] = (struct pollfd){ .fd = has_port ? listen_on_port(&server->port)
							: listen_on(server->socket),
		.events = POLLIN };
	server->fd[1] = (struct pollfd){ .fd = server->stop[0], .events = POLLIN };
	pthread_mutex_init(&server->mutex, NULL);
	buf_init(&server->seen, 0);
	check(
	    pthread_create(&server->thread, NULL, serve, server) == 0, "pthread_create");
	return server;
}

struct fake_server *
fake_server_start(
    enum fake_action (*handler)(void *ctx, struct fake_request *req), void *ctx)
{
	return start(handler, ctx, false);
}

struct fake_server *
fake_server_start_port(
    enum fake_action (*handler)(void *ctx, struct fake_request *req), void *ctx)
{
	return start(handler, ctx, true);
}

void
fake_server_stop(struct fake_server *server)
{
	if (server == NULL)
		return;
	check(write(server->stop[1], "", 1) == 1, "write");
	pthread_join(server->thread, NULL);
	for (int i = 0; i < PEERS_MAX; i++)
		if (server->fd[FIRST_PEER + i].fd >= 0)
			hang_up(server, i);
	close(server->fd[0].fd);
	close(server->stop[0]);
	close(server->stop[1]);
	check(directory_remove(&server->directory) == 0, "what tests left");
	pthread_mutex_destroy(&server->mutex);
	buf_free(&server->seen);
	free(server);
}

const char *
fake_server_directory(const struct fake_server *server)
{
	return server->directory;
}

const char *
fake_server_socket(const struct fake_server *server)
{
	return server->socket;
}

unsigned
fake_server_port(const struct fake_server *server)
{
	return server->port;
}

unsigned
fake_server_connections(struct fake_server *server)
{
	unsigned n;

	pthread_mutex_lock(&server->mutex);
	n = server->connections;
	pthread_mutex_unlock(&server->mutex);
	return n;
}

bool
fake_server_saw(struct fake_server *server, const char *text)
{
	bool found;

	pthread_mutex_lock(&server->mutex);
	found = strstr(buf_string(&server->seen), text) != NULL;
	pthread_mutex_unlock(&server->mutex);
	return found;
}

bool
fake_request_is(const struct fake_request *req, const char *method_and_path)
{
	return strncmp(req->head, method_and_path, strlen(method_and_path)) == 0;
}

void
fake_reply(struct fake_request *req, int status, const char *type, const char *body)
{
	buf_printf(
	    &req->reply, "HTTP/1.1 %d Status\r\nContent-Type: %s\r\n", status, type);
	buf_printf(&req->reply, "Content-Length: %zu\r\n\r\n%s", strlen(body), body);
}
