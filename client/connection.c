/*
 * connection.c - a Unix socket with deadlines.
 *
 * The descriptor never blocks; only poll(2) waits, and always for a deadline. A
 * daemon that answers early or hangs up while we still send is not an error until its
 * answer has been looked for: the refusal of a body that is too large comes that way.
 */
#include "client/connection.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "client/client.h"
#include "client/response.h"

#define RECEIVE_BYTES 16384
/* Milliseconds between two attempts while the backlog is full. */
#define BACKLOG_WAIT_MAX 16

size_t
connection_socket_max(void)
{
	return sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;
}

static int
milliseconds_left(int64_t deadline_ms)
{
	int64_t left = deadline_ms - clock_mono_ms();

	return left > 0 ? (int)left : 0;
}

/* The events that came, or -1 with errno. */
static int
wait_for(int fd, short events, int64_t deadline_ms)
{
	struct pollfd p = { .fd = fd, .events = events };
	int n;

	while ((n = poll(&p, 1, milliseconds_left(deadline_ms))) < 0 && errno == EINTR)
		continue;
	if (n > 0)
		return p.revents;
	if (n == 0)
		errno = ETIMEDOUT;
	return -1;
}

static socklen_t
make_address(struct sockaddr_un *address, const char *socket)
{
	size_t len = strlen(socket);

	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(address->sun_path, socket, len);
	/* An abstract name is as long as the address says: no NUL ends it. */
	if (socket[0] == '@')
		address->sun_path[0] = '\0';
	else
		len++;
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

/*
 * A Unix socket connects at once or, with its backlog full, fails with EAGAIN: there is
 * nothing to poll for then, so this tries again after a short sleep.
 */
static int
connect_by(int fd, const char *socket, int64_t deadline_ms)
{
	struct sockaddr_un address;
	socklen_t len = make_address(&address, socket);
	int pause_ms = 1, left;

	while (connect(fd, (struct sockaddr *)&address, len) != 0) {
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return -1;
		if ((left = milliseconds_left(deadline_ms)) == 0) {
			errno = ETIMEDOUT;
			return -1;
		}
		poll(NULL, 0, pause_ms < left ? pause_ms : left);
		pause_ms = pause_ms < BACKLOG_WAIT_MAX ? pause_ms * 2 : pause_ms;
	}
	return 0;
}

/* -1 with errno. */
static int
make_socket(struct connection *conn)
{
	struct stat st;

	conn->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (conn->fd < 0)
		return -1;
	if (fstat(conn->fd, &st) != 0) {
		int saved = errno;

		/* connection_free closes only what it can recognise. */
		close(conn->fd);
		conn->fd = -1;
		errno = saved;
		return -1;
	}
	conn->device = st.st_dev;
	conn->inode = st.st_ino;
	return 0;
}

static bool
has_its_socket(const struct connection *conn)
{
	struct stat st;

	return conn->fd >= 0 && fstat(conn->fd, &st) == 0 && st.st_dev == conn->device &&
	       st.st_ino == conn->inode;
}

int
connection_open(
    const char *socket_name, int timeout_ms, struct connection **conn, struct error *err)
{
	int64_t deadline_ms = clock_mono_ms() + timeout_ms;
	struct connection *c = calloc(1, sizeof(*c));
	int rc = -1;

	if (c == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	c->socket = socket_name;
	c->pid = getpid();
	if (make_socket(c) != 0 || connect_by(c->fd, socket_name, deadline_ms) != 0) {
		error_set_errno(err, errno == ETIMEDOUT ? ERROR_TIMEOUT : ERROR_IO, "%s",
		    socket_name);
		goto out;
	}
	*conn = c;
	c = NULL;
	rc = 0;
out:
	connection_free(c);
	return rc;
}

void
connection_free(struct connection *conn)
{
	if (conn == NULL)
		return;
	if (has_its_socket(conn))
		close(conn->fd);
	free(conn);
}

bool
connection_is_usable(const struct connection *conn)
{
	char byte;

	/* Bytes nobody asked for would be taken for the next answer. */
	return conn->reusable && conn->pid == getpid() && has_its_socket(conn) &&
	       recv(conn->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

static int
set_timeout_or_errno(const struct connection *conn, struct error *err)
{
	if (errno == ETIMEDOUT)
		return error_set(err, ERROR_TIMEOUT,
		    "keyholdd at %s did not answer in time", conn->socket);
	return error_set_errno(err, ERROR_IO, "keyholdd at %s", conn->socket);
}

/* Drops what was sent from the front of the two parts. */
static void
advance(struct iovec part[2], size_t sent)
{
	for (int i = 0; i < 2; i++) {
		size_t n = sent < part[i].iov_len ? sent : part[i].iov_len;

		part[i].iov_base = (char *)part[i].iov_base + n;
		part[i].iov_len -= n;
		sent -= n;
	}
}

/* Head and body leave in one write, so that the daemon wakes once for a small request. */
static int
send_parts(
    struct connection *conn, struct iovec part[2], int64_t deadline_ms, struct error *err)
{
	struct msghdr message = { .msg_iov = part, .msg_iovlen = 2 };

	while (part[0].iov_len + part[1].iov_len > 0) {
		ssize_t n = sendmsg(conn->fd, &message, MSG_NOSIGNAL);
		int events;

		if (n >= 0) {
			advance(part, (size_t)n);
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno == EPIPE || errno == ECONNRESET)
			return 0;
		if (errno != EAGAIN)
			return set_timeout_or_errno(conn, err);
		events = wait_for(conn->fd, POLLIN | POLLOUT, deadline_ms);
		if (events < 0)
			return set_timeout_or_errno(conn, err);
		if (events & POLLIN)
			return 0;
	}
	return 0;
}

/* The bytes that came; 0 when the daemon hung up. */
static int
receive_some(struct connection *conn, void *block, size_t size, int64_t deadline_ms,
    size_t *len, struct error *err)
{
	ssize_t n;

	do {
		if (wait_for(conn->fd, POLLIN, deadline_ms) < 0)
			return set_timeout_or_errno(conn, err);
		n = recv(conn->fd, block, size, 0);
	} while (n < 0 && (errno == EINTR || errno == EAGAIN));
	/* So a Unix socket reports a peer that closed with our request unread. */
	if (n < 0 && errno == ECONNRESET)
		n = 0;
	if (n < 0)
		return set_timeout_or_errno(conn, err);
	*len = (size_t)n;
	return 0;
}

/* Reads until the answer is complete; *extra counts bytes after it. */
static int
receive_answer(struct connection *conn, struct response *answer, int64_t deadline_ms,
    size_t *extra, struct error *err)
{
	unsigned char block[RECEIVE_BYTES];
	bool answered = false;
	struct error why = { .code = ERROR_NONE };
	size_t len = 0, used;
	int rc;

	*extra = 0;
	while (!response_is_complete(answer)) {
		if (receive_some(conn, block, sizeof(block), deadline_ms, &len, err) != 0)
			return -1;
		if (len == 0) {
			conn->hung_up = !answered;
			return error_set(err, ERROR_IO,
			    "keyholdd at %s closed the connection %s", conn->socket,
			    answered ? "in the middle of its answer"
				     : "without an answer");
		}
		answered = true;
		rc = response_feed(answer, block, len, &used, &why);
		explicit_bzero(block, len);
		if (rc != 0)
			return error_set(err, why.code, "%s: %s", conn->socket, why.text);
		*extra = len - used;
	}
	return 0;
}

static struct iovec
make_part(struct bytes bytes)
{
	/* sendmsg(2) only reads, but says so nowhere in its types. */
	return (struct iovec){ (void *)(uintptr_t)bytes.data, bytes.len };
}

int
connection_exchange(struct connection *conn, const struct connection_request *req,
    struct client_response *res, struct error *err)
{
	struct iovec part[2] = { make_part(req->head), make_part(req->body) };
	struct response answer;
	size_t extra;
	bool all_sent;

	conn->reusable = false;
	conn->hung_up = false;
	response_init(&answer, res);
	if (send_parts(conn, part, req->deadline_ms, err) != 0 ||
	    receive_answer(conn, &answer, req->deadline_ms, &extra, err) != 0)
		return -1;
	all_sent = part[0].iov_len + part[1].iov_len == 0;
	conn->reusable = all_sent && extra == 0 && response_is_reusable(&answer);
	return 0;
}
