/*
 * shortcut.c - a thread for each connection, and three system calls for each request,
 * when it does not linger.
 *
 * The first of them only looks (MSG_PEEK): what is not for us has to be there for the
 * one that it is handed to. A connection in the list has its thread; the lock is taken
 * when one comes or goes, never for a request.
 */
#include "service/shortcut.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "api/metrics.h"
#include "base/clock.h"
#include "base/log.h"
#include "service/signrequest.h"
#include "service/visitor.h"

#define BLOCK_SIZE 8192
#define HEAD_MAX   256
#define LINGER_NS  50000
#define YIELDED_NS 5000 /* somebody else has run meanwhile */
#define RETRY_MS   20   /* after an accept that failed for want of something */

struct shortcut {
	struct shortcut_options options;
	int wake; /* an eventfd: the accepting thread is to end */
	pthread_t accepting;
	atomic_bool stopping;
	atomic_size_t pending; /* answers not yet sent */
	atomic_size_t working; /* of these, not yet made */
	pthread_mutex_t lock;  /* the list */
	pthread_cond_t gone;
	struct line *lines;
	size_t count;
};

/* A connection. */
struct line {
	struct shortcut *shortcut;
	struct visitor *visitor;
	int fd;
	struct line *next, **at; /* where the list points to it */
	int64_t accepted_ns;
	int64_t date_s; /* what date says */
	char date[CLOCK_HTTP_SIZE];
	char block[BLOCK_SIZE + 1];
};

static void
line_free(struct line *line)
{
	visitor_free(line->visitor);
	free(line);
}

/* False: there are too many. */
static bool
enlist(struct line *line)
{
	struct shortcut *s = line->shortcut;
	bool has_room;

	pthread_mutex_lock(&s->lock);
	has_room = s->count < SHORTCUT_CONNECTIONS_MAX;
	if (has_room) {
		line->next = s->lines;
		line->at = &s->lines;
		if (line->next != NULL)
			line->next->at = &line->next;
		s->lines = line;
		s->count++;
		metrics_connection(s->options.api->metrics, READER_SIGNATURES, 1);
	}
	pthread_mutex_unlock(&s->lock);
	return has_room;
}

/* After it nobody but the caller knows the descriptor. */
static void
delist(struct line *line)
{
	struct shortcut *s = line->shortcut;

	pthread_mutex_lock(&s->lock);
	*line->at = line->next;
	if (line->next != NULL)
		line->next->at = line->at;
	pthread_mutex_unlock(&s->lock);
}

/* The last thing that a thread does with the shortcut. */
static void
count_out(struct shortcut *s)
{
	pthread_mutex_lock(&s->lock);
	s->count--;
	metrics_connection(s->options.api->metrics, READER_SIGNATURES, -1);
	pthread_cond_signal(&s->gone);
	pthread_mutex_unlock(&s->lock);
}

static const char *
date_of(struct line *line)
{
	int64_t now = clock_now_s();

	if (line->date_s != now) {
		clock_http_format(line->date, now);
		line->date_s = now;
	}
	return line->date;
}

static bool
send_all(int fd, struct iovec part[2])
{
	struct msghdr message = { .msg_iov = part, .msg_iovlen = 2 };

	while (part[0].iov_len + part[1].iov_len > 0) {
		ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return false;
		for (int i = 0; i < 2; i++) {
			size_t n = (size_t)sent < part[i].iov_len ? (size_t)sent
								  : part[i].iov_len;

			part[i].iov_base = (char *)part[i].iov_base + n;
			part[i].iov_len -= n;
			sent -= (ssize_t)n;
		}
	}
	return true;
}

/* RFC 9112 section 4: the reason phrase may be absent. What else an answer has, of these
 * requests none has. */
static bool
send_answer(
    struct line *line, const struct request *req, const struct response *res, bool last)
{
	char head[HEAD_MAX], retry[32] = "";
	struct iovec part[2];
	int len;

	if (res->retry_after_s > 0)
		snprintf(retry, sizeof(retry), "Retry-After: %d\r\n", res->retry_after_s);
	len = snprintf(head, sizeof(head),
	    "HTTP/1.1 %d %s\r\nDate: %s\r\nContent-Type: %s\r\nContent-Length: "
	    "%zu\r\n" REQUEST_ID_HEADER ": %s\r\n%s%s\r\n",
	    res->status, res->status == 200 ? "OK" : "", date_of(line), res->content_type,
	    res->body.len, req->id, retry, last ? "Connection: close\r\n" : "");
	part[0] = (struct iovec){ head, (size_t)len };
	part[1] = (struct iovec){ res->body.data, res->body.len };
	return send_all(line->fd, part);
}

/* The bytes that were looked at, read: they are all there. */
static bool
consume(struct line *line, size_t len)
{
	ssize_t n;

	do
		n = recv(line->fd, line->block, len, 0);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)len;
}

/* A request's text, in the block, which it then has to itself. */
static const char *
text_of(struct bytes bytes)
{
	char *text = (char *)(uintptr_t)bytes.data;

	if (text != NULL)
		text[bytes.len] = '\0';
	return text;
}

static bool
answer(struct line *line, const struct signrequest *wanted)
{
	struct shortcut *s = line->shortcut;
	struct request req = {
		.method = "POST",
		.content_type = "application/octet-stream",
		.body = wanted->body,
		.caller = &line->visitor->caller,
		.hold = &line->visitor->hold,
	};
	char id[REQUEST_ID_SIZE];
	struct response res;
	bool last, sent;

	if (!consume(line, wanted->len))
		return false;
	req.id = request_id_next(s->options.ids, id);
	req.target = text_of(wanted->target);
	req.accept = text_of(wanted->accept);
	atomic_fetch_add(&s->pending, 1);
	response_init(&res);
	atomic_fetch_add(&s->working, 1);
	api_handle(s->options.api, &req, &res);
	atomic_fetch_sub(&s->working, 1);
	last = atomic_load(&s->stopping);
	sent = send_answer(line, &req, &res, last);
	response_free(&res);
	atomic_fetch_sub(&s->pending, 1);
	return sent && !last;
}

static ssize_t
look(struct line *line, int flags)
{
	ssize_t n;

	do
		n = recv(line->fd, line->block, BLOCK_SIZE, MSG_PEEK | flags);
	while (n < 0 && errno == EINTR);
	return n;
}

/*
 * A CPU without work goes to sleep, and on a virtual machine to wake it may take as long
 * as to sign. So this lingers before it sleeps, as long as nobody else is in want of the
 * CPU: then to yield takes no time.
 */
static ssize_t
look_for_next(struct line *line)
{
	int64_t now = clock_mono_ns(), end = now + LINGER_NS, before;

	while (atomic_load(&line->shortcut->working) == 0 && now < end) {
		ssize_t n = look(line, MSG_DONTWAIT);

		if (n >= 0 || errno != EAGAIN)
			return n;
		before = clock_mono_ns();
		sched_yield();
		now = clock_mono_ns();
		if (now - before > YIELDED_NS)
			break;
	}
	return look(line, 0);
}

enum next { NEXT_REQUEST, NEXT_OTHER, NEXT_END };

static enum next
await(struct line *line, struct signrequest *req)
{
	ssize_t n = look_for_next(line);

	if (n <= 0)
		return NEXT_END;
	return signrequest_read(line->block, (size_t)n, req) ? NEXT_REQUEST : NEXT_OTHER;
}

static void *
serve(void *arg)
{
	struct line *line = arg;
	struct shortcut *s = line->shortcut;
	struct signrequest req;
	enum next next;

	metrics_wait(s->options.api->metrics, STAGE_CONNECTION,
	    clock_mono_ns() - line->accepted_ns);
	while ((next = await(line, &req)) == NEXT_REQUEST)
		if (!answer(line, &req)) {
			next = NEXT_END;
			break;
		}
	delist(line);
	if (next == NEXT_OTHER)
		s->options.hand_over(s->options.ctx, line->fd);
	else
		close(line->fd);
	line_free(line);
	/* Later it might meet the end of the process. */
	OPENSSL_thread_stop();
	count_out(s);
	return NULL;
}

static int
start_thread(struct line *line)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int rc;

	if (pthread_attr_init(&attributes) != 0)
		return -1;
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	rc = pthread_create(&thread, &attributes, serve, line);
	pthread_attr_destroy(&attributes);
	return rc == 0 ? 0 : -1;
}

/* Who says nothing for so long is not waited for. */
static void
limit_waiting(int fd)
{
	const struct timeval idle = { .tv_sec = SHORTCUT_IDLE_S };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &idle, sizeof(idle));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &idle, sizeof(idle));
}

static void
admit(struct shortcut *s, int fd)
{
	struct line *line = malloc(sizeof(*line));

	if (line == NULL) {
		log_error("connection.refused", "why=\"out of memory\"");
		close(fd);
		return;
	}
	/* The block is written before it is read. */
	memset(line, 0, offsetof(struct line, block));
	line->shortcut = s;
	line->fd = fd;
	line->accepted_ns = clock_mono_ns();
	limit_waiting(fd);
	line->visitor = visitor_new(fd, s->options.everyone_is_admin);
	if (line->visitor == NULL) {
		close(fd);
		line_free(line);
		return;
	}
	if (!enlist(line)) {
		log_error("connection.refused", "why=\"too many connections\"");
		close(fd);
		line_free(line);
		return;
	}
	if (start_thread(line) != 0) {
		log_error("connection.refused", "why=\"no more threads\"");
		delist(line);
		close(fd);
		line_free(line);
		count_out(s);
	}
}

static void *
accept_all(void *arg)
{
	struct shortcut *s = arg;
	struct pollfd fds[] = { { .fd = s->options.fd, .events = POLLIN },
		{ .fd = s->wake, .events = POLLIN } };
	const struct timespec pause = { .tv_nsec = RETRY_MS * 1000000 };

	while (!atomic_load(&s->stopping)) {
		int fd;

		if (poll(fds, 2, -1) < 0 || (fds[0].revents & POLLIN) == 0)
			continue;
		fd = accept4(s->options.fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0)
			admit(s, fd);
		else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			nanosleep(&pause, NULL);
	}
	return NULL;
}

int
shortcut_start(
    const struct shortcut_options *options, struct shortcut **shortcut, struct error *err)
{
	struct shortcut *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	s->options = *options;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->gone, NULL);
	s->wake = eventfd(0, EFD_CLOEXEC);
	if (s->wake < 0 || pthread_create(&s->accepting, NULL, accept_all, s) != 0) {
		if (s->wake >= 0)
			close(s->wake);
		free(s);
		return error_set(err, ERROR_IO, "no thread to accept connections with");
	}
	*shortcut = s;
	return 0;
}

void
shortcut_quiesce(struct shortcut *s)
{
	const uint64_t one = 1;

	atomic_store(&s->stopping, true);
	if (write(s->wake, &one, sizeof(one)) != sizeof(one))
		abort();
	pthread_join(s->accepting, NULL);
}

size_t
shortcut_pending(const struct shortcut *s)
{
	return atomic_load(&s->pending);
}

void
shortcut_stop(struct shortcut *s)
{
	pthread_mutex_lock(&s->lock);
	/* Their threads close them: a number that is closed here may be another's. */
	for (const struct line *line = s->lines; line != NULL; line = line->next)
		shutdown(line->fd, SHUT_RDWR);
	while (s->count > 0)
		pthread_cond_wait(&s->gone, &s->lock);
	pthread_mutex_unlock(&s->lock);
	pthread_cond_destroy(&s->gone);
	pthread_mutex_destroy(&s->lock);
	close(s->wake);
	free(s);
}
