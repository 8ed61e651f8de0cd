/*
 * listener.c - accepts in one thread, serves in others.
 *
 * The port is open to the world while it is open. Whoever holds all connections delays a
 * validation by seconds, which the server then tries again; nothing else is to be had
 * here.
 */
#include "acme/listener.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

#define CONNECTIONS_MAX 16
#define CONNECTION_MS   5000
#define BACKLOG         64
#define HOST_MAX        64
#define NO_ROOM_MS      50

struct listener {
	struct listener_service service;
	int fd, stop; /* stop: an eventfd */
	pthread_t thread;
	bool has_thread;
	pthread_mutex_t lock;
	pthread_cond_t idle; /* count is 0 */
	int count;           /* connections being served */
};

struct connection {
	struct listener *listener;
	int fd;
};

bool
listener_wait(int fd, bool writing, int64_t deadline_ms)
{
	struct pollfd wait = { fd, writing ? POLLOUT : POLLIN, 0 };
	int64_t left_ms;

	while ((left_ms = deadline_ms - clock_mono_ms()) > 0) {
		int n = poll(&wait, 1, (int)left_ms);

		if (n > 0)
			return true;
		if (n < 0 && errno != EINTR)
			return false;
	}
	return false;
}

static void
leave(struct listener *listener)
{
	pthread_mutex_lock(&listener->lock);
	if (--listener->count == 0)
		pthread_cond_signal(&listener->idle);
	pthread_mutex_unlock(&listener->lock);
}

static void *
serve(void *ctx)
{
	struct connection *connection = ctx;
	struct listener *listener = connection->listener;

	listener->service.serve(
	    listener->service.ctx, connection->fd, clock_mono_ms() + CONNECTION_MS);
	close(connection->fd);
	free(connection);
	leave(listener);
	return NULL;
}

static int
start_thread(pthread_t *thread, bool detached, void *(*run)(void *), void *ctx)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	int rc;

	pthread_attr_init(&attributes);
	if (detached)
		pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	/* Signals are for the thread that waits for them. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	rc = pthread_create(thread, &attributes, run, ctx);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return rc == 0 ? 0 : -1;
}

static bool
enter(struct listener *listener)
{
	bool has_room;

	pthread_mutex_lock(&listener->lock);
	if ((has_room = listener->count < CONNECTIONS_MAX))
		listener->count++;
	pthread_mutex_unlock(&listener->lock);
	return has_room;
}

static void
accept_one(struct listener *listener)
{
	struct connection *connection;
	pthread_t thread;
	int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0) {
		/* Without descriptors it waits there still. */
		if (errno != EAGAIN)
			poll(NULL, 0, NO_ROOM_MS);
		return;
	}
	if (!enter(listener)) {
		close(fd);
		return;
	}
	connection = malloc(sizeof(*connection));
	if (connection != NULL) {
		*connection = (struct connection){ listener, fd };
		if (start_thread(&thread, true, serve, connection) == 0)
			return;
	}
	free(connection);
	close(fd);
	leave(listener);
}

static void *
accept_all(void *ctx)
{
	struct listener *listener = ctx;
	struct pollfd waits[] = { { listener->stop, POLLIN, 0 },
		{ listener->fd, POLLIN, 0 } };

	for (;;) {
		if (poll(waits, 2, -1) < 0)
			poll(NULL, 0, NO_ROOM_MS);
		else if (waits[0].revents != 0)
			return NULL;
		else if (waits[1].revents != 0)
			accept_one(listener);
	}
}

static int
split(const char *address, char host[static HOST_MAX], const char **port)
{
	const char *colon = strrchr(address, ':');
	struct error err;
	uint64_t number;
	size_t len;

	if (colon == NULL || text_to_uint(colon + 1, 1, 65535, &number, &err) != 0)
		return -1;
	len = (size_t)(colon - address);
	if (len >= 2 && address[0] == '[' && colon[-1] == ']') {
		address++;
		len -= 2;
	} else if (memchr(address, ':', len) != NULL) {
		return -1;
	}
	if (len == 0 || len >= HOST_MAX)
		return -1;
	memcpy(host, address, len);
	host[len] = '\0';
	*port = colon + 1;
	return 0;
}

static int
bind_one(const struct addrinfo *to, bool both)
{
	int on = 1, off = 0;
	int fd = socket(
	    to->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (to->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, both ? &off : &on, sizeof(on));
	if (bind(fd, to->ai_addr, to->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	close(fd);
	return -1;
}

/* host NULL: all addresses, of both families where there are both. */
static int
bind_to(const char *host, const char *port, int family, int *fd)
{
	const struct addrinfo hints = { .ai_family = family,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV };
	struct addrinfo *found = NULL;

	*fd = -1;
	if (getaddrinfo(host, port, &hints, &found) != 0) {
		errno = EINVAL;
		return -1;
	}
	*fd = bind_one(found, host == NULL);
	freeaddrinfo(found);
	return *fd >= 0 ? 0 : -1;
}

static int
open_socket(const char *address, const char *port, int *fd, struct error *err)
{
	char host[HOST_MAX];

	if (address == NULL) {
		/* Where the kernel has no IPv6, the other alone. */
		if (bind_to(NULL, port, AF_INET6, fd) == 0 ||
		    (errno == EAFNOSUPPORT && bind_to(NULL, port, AF_INET, fd) == 0))
			return 0;
		return error_set_errno(err, ERROR_IO, "cannot listen on port %s", port);
	}
	if (split(address, host, &port) != 0)
		return error_set(err, ERROR_CONFIG,
		    "\"%.80s\" is no ADDRESS:PORT, such as 0.0.0.0:80 or [::]:80",
		    address);
	if (bind_to(host, port, AF_UNSPEC, fd) != 0)
		return error_set_errno(err, ERROR_IO, "cannot listen on %.80s", address);
	return 0;
}

int
listener_open(const char *address, const char *port,
    const struct listener_service *service, struct listener **listener, struct error *err)
{
	struct listener *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	l->service = *service;
	l->fd = l->stop = -1;
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->idle, NULL);
	if (open_socket(address, port, &l->fd, err) != 0)
		goto fail;
	if ((l->stop = eventfd(0, EFD_CLOEXEC)) < 0 ||
	    start_thread(&l->thread, false, accept_all, l) != 0) {
		error_set(err, ERROR_INTERNAL, "a thread to listen in");
		goto fail;
	}
	l->has_thread = true;
	*listener = l;
	return 0;
fail:
	listener_close(l);
	return -1;
}

void
listener_close(struct listener *listener)
{
	if (listener == NULL)
		return;
	if (listener->has_thread) {
		eventfd_write(listener->stop, 1);
		pthread_join(listener->thread, NULL);
	}
	pthread_mutex_lock(&listener->lock);
	while (listener->count > 0)
		pthread_cond_wait(&listener->idle, &listener->lock);
	pthread_mutex_unlock(&listener->lock);
	if (listener->stop >= 0)
		close(listener->stop);
	if (listener->fd >= 0)
		close(listener->fd);
	pthread_cond_destroy(&listener->idle);
	pthread_mutex_destroy(&listener->lock);
	free(listener);
}
