/*
 * connection.c - a Unix socket with deadlines.
 *
 * On the path that matters, a small request over a warm connection, there are two system
 * calls: a sendmsg that never waits, and a recv that waits by itself as long as an answer
 * may take (SO_RCVTIMEO). Whatever is not like that, a request that does not fit, a
 * signal, an answer in pieces or a second attempt, waits in poll(2) for what is left of
 * the time. A call that can be paused never waits in the kernel.
 *
 * A daemon that answers early or hangs up while we still send is not an error until its
 * answer has been looked for: the refusal of a body that is too large comes that way.
 */
#include "client/connection.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "client/client.h"
#include "client/response.h"

/* The clock's and the kernel's ticks: so much earlier is still the same time. */
#define TICK_MS 10
/* Milliseconds between two attempts while the backlog is full. */
#define BACKLOG_WAIT_MAX 16

size_t
connection_socket_max(void)
{
	return sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;
}

/*
 * A paused call may go on in another thread, where errno is another variable, and the
 * compiler may keep the address of the first one. So errno is used in functions that
 * never pause, and these stay functions.
 */
#define USES_ERRNO __attribute__((noinline))

static int
milliseconds_left(int64_t deadline_ms)
{
	int64_t left = deadline_ms - clock_mono_ms();

	return left > 0 ? (int)left : 0;
}

static void
abandon(void *call)
{
	struct connection *conn = call;

	if (conn->res != NULL)
		buf_free(&conn->res->body);
	connection_free(conn);
}

USES_ERRNO static int
wait_in_poll(int fd, short events, int64_t deadline_ms)
{
	struct pollfd p = { .fd = fd, .events = events };
	int n;

	while ((n = poll(&p, 1, milliseconds_left(deadline_ms))) < 0 && errno == EINTR)
		continue;
	return n > 0 ? p.revents : n == 0 ? 0 : -errno;
}

/* The events that came (> 0), 0 when the deadline passed, or -errno. */
static int
wait_for(struct connection *conn, int fd, short events, int64_t deadline_ms)
{
	struct client_pause pause = { fd, events, deadline_ms, abandon, conn };

	return conn->waiter != NULL ? conn->waiter->pause(conn->waiter_ctx, &pause)
				    : wait_in_poll(fd, events, deadline_ms);
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

/* 0 or -errno. */
USES_ERRNO static int
connect_once(const struct connection *conn)
{
	struct sockaddr_un address;
	socklen_t len = make_address(&address, conn->socket);

	return connect(conn->fd, (struct sockaddr *)&address, len) == 0 ? 0 : -errno;
}

/*
 * A Unix socket connects at once or, with its backlog full, fails with EAGAIN: there is
 * nothing to poll for then, so this tries again after a short sleep. 0 or -errno.
 */
static int
connect_by(struct connection *conn, int64_t deadline_ms)
{
	int pause_ms = 1, rc;

	while ((rc = connect_once(conn)) != 0) {
		int64_t now_ms = clock_mono_ms(), until_ms = now_ms + pause_ms;

		if (rc == -EINTR)
			continue;
		if (rc != -EAGAIN)
			return rc;
		if (now_ms >= deadline_ms)
			return -ETIMEDOUT;
		wait_for(conn, -1, 0, until_ms < deadline_ms ? until_ms : deadline_ms);
		pause_ms = pause_ms < BACKLOG_WAIT_MAX ? pause_ms * 2 : pause_ms;
	}
	return 0;
}

/* 0 or -errno. */
USES_ERRNO static int
make_socket(struct connection *conn)
{
	struct stat st;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) != 0) {
		int rc = -errno;

		/* connection_free closes only what it can recognise. */
		close(fd);
		return rc;
	}
	conn->fd = fd;
	conn->device = st.st_dev;
	conn->inode = st.st_ino;
	return 0;
}

/* From now on a receive waits by itself. 0 or -errno. */
USES_ERRNO static int
let_receive_wait(struct connection *conn)
{
	struct timeval wait = { .tv_sec = conn->receive_ms / 1000,
		.tv_usec = conn->receive_ms % 1000 * 1000 };

	if (setsockopt(conn->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) != 0 ||
	    fcntl(conn->fd, F_SETFL, 0) != 0)
		return -errno;
	return 0;
}

static bool
has_its_socket(const struct connection *conn)
{
	struct stat st;

	return conn->fd >= 0 && fstat(conn->fd, &st) == 0 && st.st_dev == conn->device &&
	       st.st_ino == conn->inode;
}

static int
open_socket(struct connection *conn, int64_t deadline_ms)
{
	int rc;

	if ((rc = make_socket(conn)) != 0 || (rc = connect_by(conn, deadline_ms)) != 0)
		return rc;
	return let_receive_wait(conn);
}

USES_ERRNO static int
refuse_open(const struct connection_options *options, int number, struct error *err)
{
	errno = number;
	return error_set_errno(
	    err, number == ETIMEDOUT ? ERROR_TIMEOUT : ERROR_IO, "%s", options->socket);
}

int
connection_open(
    const struct connection_options *options, struct connection **conn, struct error *err)
{
	struct connection *c = malloc(sizeof(*c));
	int rc;

	if (c == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	/* Not calloc: nobody reads the buffers before they are written. */
	memset(c, 0, offsetof(struct connection, head));
	c->socket = options->socket;
	c->socket_index = options->socket_index;
	c->process = options->process;
	c->opened_ms = clock_mono_ms();
	c->receive_ms = options->answer_timeout_ms;
	c->waiter = options->waiter;
	c->waiter_ctx = options->waiter_ctx;
	c->fd = -1;
	if ((rc = open_socket(c, c->opened_ms + options->connect_timeout_ms)) != 0) {
		connection_free(c);
		return refuse_open(options, -rc, err);
	}
	*conn = c;
	return 0;
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
connection_is_usable(const struct connection *conn, uint64_t process)
{
	char byte;

	if (!conn->reusable || conn->process != process)
		return false;
	if (clock_mono_ms() - conn->used_ms < CONNECTION_IDLE_MS)
		return true;
	/* Bytes nobody asked for would be taken for the next answer. */
	return has_its_socket(conn) &&
	       recv(conn->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

static int
set_timeout(const struct connection *conn, struct error *err)
{
	return error_set(
	    err, ERROR_TIMEOUT, "keyholdd at %s did not answer in time", conn->socket);
}

USES_ERRNO static int
set_errno(const struct connection *conn, int number, struct error *err)
{
	errno = number;
	return error_set_errno(err, ERROR_IO, "keyholdd at %s", conn->socket);
}

/* Drops what was sent from the front of the two parts. */
static void
advance(struct iovec part[2], size_t sent)
{
	for (int i = 0; i < 2 && sent > 0; i++) {
		size_t n = sent < part[i].iov_len ? sent : part[i].iov_len;

		part[i].iov_base = (char *)part[i].iov_base + n;
		part[i].iov_len -= n;
		sent -= n;
	}
}

/* The bytes that were sent, or -errno. */
USES_ERRNO static ssize_t
send_once(const struct connection *conn, struct iovec part[2])
{
	struct msghdr message = { .msg_iov = part, .msg_iovlen = 2 };
	ssize_t n = sendmsg(conn->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);

	return n >= 0 ? n : -errno;
}

/*
 * Head and body leave in one write, so that the daemon wakes once for a small request.
 * Ends early, without failing, when there is something to read.
 */
static int
send_parts(
    struct connection *conn, struct iovec part[2], int64_t deadline_ms, struct error *err)
{
	while (part[0].iov_len + part[1].iov_len > 0) {
		ssize_t n = send_once(conn, part);
		int events;

		if (n >= 0) {
			advance(part, (size_t)n);
			continue;
		}
		if (n == -EINTR)
			continue;
		if (n == -EPIPE || n == -ECONNRESET)
			return 0;
		if (n != -EAGAIN) {
			conn->hung_up = true;
			return set_errno(conn, (int)-n, err);
		}
		events = wait_for(conn, conn->fd, POLLIN | POLLOUT, deadline_ms);
		if (events == 0)
			return set_timeout(conn, err);
		if (events < 0)
			return set_errno(conn, -events, err);
		if (events & POLLIN)
			return 0;
	}
	return 0;
}

/* The bytes that came, 0 at the end, or -errno. waits: as long as the socket lets it. */
USES_ERRNO static ssize_t
receive_once(struct connection *conn, bool waits)
{
	ssize_t n =
	    recv(conn->fd, conn->block, sizeof(conn->block), waits ? 0 : MSG_DONTWAIT);

	if (n >= 0)
		return n;
	/* So a Unix socket reports a peer that closed with our request unread. */
	return errno == ECONNRESET ? 0 : -errno;
}

/* The same, and never EAGAIN or EINTR; -ETIMEDOUT at the deadline. */
static ssize_t
receive_by(struct connection *conn, int64_t deadline_ms)
{
	ssize_t n;

	if (conn->waiter == NULL &&
	    deadline_ms - clock_mono_ms() > conn->receive_ms - TICK_MS) {
		n = receive_once(conn, true);
		if (n == -EAGAIN)
			return -ETIMEDOUT;
		if (n != -EINTR)
			return n;
	}
	do {
		int events = wait_for(conn, conn->fd, POLLIN, deadline_ms);

		if (events <= 0)
			return events == 0 ? -ETIMEDOUT : events;
		n = receive_once(conn, false);
	} while (n == -EINTR || n == -EAGAIN);
	return n;
}

static int
refuse_end(struct connection *conn, bool answered, struct error *err)
{
	return error_set(err, ERROR_IO, "keyholdd at %s closed the connection %s",
	    conn->socket, answered ? "in the middle of its answer" : "without an answer");
}

static int
feed(struct connection *conn, size_t len, size_t *extra, struct error *err)
{
	struct error why = { .code = ERROR_NONE };
	size_t used;
	int rc = response_feed(&conn->answer, conn->block, len, &used, &why);

	explicit_bzero(conn->block, len);
	if (rc != 0)
		return error_set(err, why.code, "%s: %s", conn->socket, why.text);
	*extra = len - used;
	return 0;
}

/* Reads until the answer is complete; *extra counts bytes after it. */
static int
receive_answer(
    struct connection *conn, int64_t deadline_ms, size_t *extra, struct error *err)
{
	bool answered = false;

	*extra = 0;
	while (!response_is_complete(&conn->answer)) {
		ssize_t n = receive_by(conn, deadline_ms);

		if (n == -ETIMEDOUT)
			return set_timeout(conn, err);
		if (n <= 0)
			conn->hung_up = !answered;
		if (n < 0)
			return set_errno(conn, (int)-n, err);
		if (n == 0)
			return refuse_end(conn, answered, err);
		answered = true;
		if (feed(conn, (size_t)n, extra, err) != 0)
			return -1;
	}
	return 0;
}

static struct iovec
make_part(const void *data, size_t len)
{
	/* sendmsg(2) only reads, but says so nowhere in its types. */
	return (struct iovec){ (void *)(uintptr_t)data, len };
}

int
connection_exchange(struct connection *conn, const struct connection_call *call,
    struct client_response *res, struct error *err)
{
	const struct client_request *req = call->req;
	size_t head_len = request_write_head(req, conn->head), extra;
	struct iovec part[2] = { make_part(conn->head, head_len),
		make_part(req->body.data, req->body.len) };

	conn->reusable = false;
	conn->hung_up = false;
	conn->waiter = call->waiter;
	conn->waiter_ctx = call->waiter_ctx;
	conn->res = res;
	response_init(&conn->answer, res);
	if (send_parts(conn, part, call->deadline_ms, err) != 0 ||
	    receive_answer(conn, call->deadline_ms, &extra, err) != 0)
		return -1;
	conn->res = NULL;
	conn->used_ms = clock_mono_ms();
	conn->reusable = part[0].iov_len + part[1].iov_len == 0 && extra == 0 &&
			 response_is_reusable(&conn->answer);
	return 0;
}
