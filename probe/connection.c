/* connection.c - connects, sends and receives without ever blocking beyond a deadline. */
#include "probe/connection.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <resolv.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

/* 0 when fd is ready for events. */
static int
wait_for(int fd, short events, int64_t deadline, struct error *err)
{
	struct pollfd waiting = { .fd = fd, .events = events };
	int64_t left;
	int n;

	do {
		left = deadline - clock_mono_ms();
		n = poll(&waiting, 1, left > 0 ? (int)left : 0);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return error_set_errno(err, ERROR_IO, "poll");
	if (n == 0)
		return error_set(err, ERROR_TIMEOUT, "no answer in time");
	return 0;
}

/* Takes the connection's error, which errno is set to. */
static int
check_connected(int fd, struct error *err)
{
	socklen_t len = sizeof(errno);
	int why = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &len) != 0)
		return error_set_errno(err, ERROR_IO, "getsockopt");
	errno = why;
	return why == 0 ? 0 : error_set_errno(err, ERROR_IO, "cannot connect");
}

static int
connect_one(const struct addrinfo *to, int64_t deadline, struct error *err)
{
	int fd = socket(to->ai_family, to->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    to->ai_protocol);

	if (fd < 0)
		return error_set_errno(err, ERROR_IO, "socket");
	if (connect(fd, to->ai_addr, to->ai_addrlen) == 0)
		return fd;
	if (errno != EINPROGRESS)
		error_set_errno(err, ERROR_IO, "cannot connect");
	else if (wait_for(fd, POLLOUT, deadline, err) != 0)
		error_set(err, err->code, "cannot connect: %s", err->text);
	else if (check_connected(fd, err) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Each address that is left gets its part of the time that is left. */
static int
connect_any(const struct addrinfo *list, int64_t deadline, struct error *err)
{
	int64_t count = 0, now;
	int fd = -1;

	for (const struct addrinfo *a = list; a != NULL; a = a->ai_next)
		count++;
	for (const struct addrinfo *a = list; a != NULL && fd < 0; a = a->ai_next) {
		now = clock_mono_ms();
		fd = connect_one(a, now + (deadline - now) / count--, err);
	}
	return fd;
}

/* One question to each server of resolv.conf; by default it is two, of five seconds. */
static void
hurry_resolver(int64_t deadline)
{
	int64_t seconds = (deadline - clock_mono_ms() + 999) / 1000;

	if (res_init() != 0)
		return;
	_res.retry = 1;
	_res.retrans = seconds > 5 ? 5 : seconds > 0 ? (int)seconds : 1;
}

int
probe_connect(const char *host, const char *port, int64_t deadline, struct error *err)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICSERV | AI_ADDRCONFIG };
	struct addrinfo *list = NULL;
	int fd, why;

	hurry_resolver(deadline);
	if ((why = getaddrinfo(host, port, &hints, &list)) != 0)
		return error_set(err, ERROR_NOT_FOUND, "%s: %s", host,
		    why == EAI_SYSTEM ? "the resolver failed" : gai_strerror(why));
	fd = connect_any(list, deadline, err);
	freeaddrinfo(list);
	return fd;
}

int
probe_send(int fd, struct bytes data, int64_t deadline, struct error *err)
{
	while (data.len > 0) {
		ssize_t n = send(fd, data.data, data.len, MSG_NOSIGNAL);

		if (n > 0) {
			data.data += n;
			data.len -= (size_t)n;
		} else if (errno == EAGAIN) {
			if (wait_for(fd, POLLOUT, deadline, err) != 0)
				return -1;
		} else if (errno != EINTR) {
			return error_set_errno(
			    err, ERROR_UNSUPPORTED, "broke the connection off");
		}
	}
	return 0;
}

int
probe_receive(
    int fd, void *data, size_t size, int64_t deadline, size_t *len, struct error *err)
{
	ssize_t n;

	do {
		if (wait_for(fd, POLLIN, deadline, err) != 0)
			return -1;
		n = recv(fd, data, size, 0);
	} while (n < 0 && (errno == EINTR || errno == EAGAIN));
	if (n < 0)
		return error_set_errno(
		    err, ERROR_UNSUPPORTED, "broke the connection off");
	*len = (size_t)n;
	return 0;
}
