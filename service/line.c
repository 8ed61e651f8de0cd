/*
 * line.c - three system calls for each request, when it does not linger.
 *
 * The first of them only looks (MSG_PEEK): what is not for us has to be there for the
 * one that it is handed to.
 */
#include "service/line.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "service/signrequest.h"

#define HEAD_MAX   256
#define LINGER_NS  50000
#define YIELDED_NS 5000 /* somebody else has run meanwhile */
/* Without a request for so long, and its thread goes. */
#define PARK_MS         1000
#define PARK_HURRIED_MS 20

void
lines_append(struct lines *lines, struct line *line)
{
	line->next = NULL;
	line->prev = lines->last;
	if (lines->last != NULL)
		lines->last->next = line;
	else
		lines->first = line;
	lines->last = line;
}

void
lines_remove(struct lines *lines, struct line *line)
{
	if (line->prev != NULL)
		line->prev->next = line->next;
	else
		lines->first = line->next;
	if (line->next != NULL)
		line->next->prev = line->prev;
	else
		lines->last = line->prev;
}

struct line *
line_new(int fd, struct limits *limits, bool everyone_is_admin)
{
	struct line *line = calloc(1, sizeof(*line));

	if (line == NULL) {
		limits_note(limits, LIMIT_MEMORY, "unknown");
		return NULL;
	}
	line->fd = fd;
	line->visitor = visitor_new(fd, everyone_is_admin);
	if (line->visitor != NULL)
		return line;
	free(line);
	return NULL;
}

void
line_free(struct line *line)
{
	if (line == NULL)
		return;
	visitor_free(line->visitor);
	free(line);
}

void
line_end(struct line *line, struct limits *limits)
{
	close(line->fd);
	if (line->is_cut)
		limits_forget(limits, line->quota);
	else
		limits_leave(limits, line->quota);
	line_free(line);
}

int
line_what_came(const struct line *line)
{
	char byte;
	ssize_t n = recv(line->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	if (n < 0 && errno == EAGAIN)
		return -1;
	return n > 0;
}

void
line_cut(struct line *line, struct limits *limits)
{
	line->is_cut = true;
	limits_part(limits, line->quota);
	shutdown(line->fd, SHUT_RDWR);
}

static const char *
date_of(struct desk *desk)
{
	int64_t now = clock_now_s();

	if (desk->date_s != now) {
		clock_http_format(desk->date, now);
		desk->date_s = now;
	}
	return desk->date;
}

static void
skip(struct iovec part[2], size_t sent)
{
	for (int i = 0; i < 2; i++) {
		size_t n = sent < part[i].iov_len ? sent : part[i].iov_len;

		part[i].iov_base = (char *)part[i].iov_base + n;
		part[i].iov_len -= n;
		sent -= n;
	}
}

static bool
await_reader(const struct line *line, const struct desk *desk, int64_t until_ms)
{
	struct pollfd room = { .fd = line->fd, .events = POLLOUT };
	int64_t left = until_ms - clock_mono_ms();

	if (left > 0 && (poll(&room, 1, (int)left) > 0 || errno == EINTR))
		return true;
	limits_note(desk->signing->limits, LIMIT_ANSWER_S, line->quota->peer);
	return false;
}

/*
 * Counts the answer out before it waits for a client to read: a stop does not wait for
 * that.
 */
static bool
send_all(const struct line *line, const struct desk *desk, struct iovec part[2])
{
	const unsigned answer_s = limits_options(desk->signing->limits)->answer_s;
	struct msghdr message = { .msg_iov = part, .msg_iovlen = 2 };
	int64_t until_ms = 0;

	while (part[0].iov_len + part[1].iov_len > 0) {
		ssize_t sent = sendmsg(line->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent >= 0) {
			skip(part, (size_t)sent);
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN || atomic_load(&desk->signing->ending))
			break;
		if (until_ms == 0) {
			until_ms = clock_mono_ms() + (int64_t)answer_s * 1000;
			atomic_fetch_sub(&desk->signing->pending, 1);
		}
		if (!await_reader(line, desk, until_ms))
			break;
	}
	if (until_ms == 0)
		atomic_fetch_sub(&desk->signing->pending, 1);
	return part[0].iov_len + part[1].iov_len == 0;
}

/* RFC 9112 section 4: the reason phrase may be absent. What else an answer has, of these
 * requests none has. */
static bool
send_answer(const struct line *line, struct desk *desk, const struct request *req,
    const struct response *res, bool last)
{
	char head[HEAD_MAX], retry[32] = "";
	struct iovec part[2];
	int len;

	if (res->retry_after_s > 0)
		snprintf(retry, sizeof(retry), "Retry-After: %d\r\n", res->retry_after_s);
	len = snprintf(head, sizeof(head),
	    "HTTP/1.1 %d %s\r\nDate: %s\r\nContent-Type: %s\r\nContent-Length: "
	    "%zu\r\n" REQUEST_ID_HEADER ": %s\r\n%s%s\r\n",
	    res->status, res->status == 200 ? "OK" : "", date_of(desk), res->content_type,
	    res->body.len, req->id, retry, last ? "Connection: close\r\n" : "");
	part[0] = (struct iovec){ head, (size_t)len };
	part[1] = (struct iovec){ res->body.data, res->body.len };
	return send_all(line, desk, part);
}

/* The bytes that were looked at, read: they are all there. */
static bool
consume(const struct line *line, struct desk *desk, size_t len)
{
	ssize_t n;

	do
		n = recv(line->fd, desk->block, len, 0);
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
answer(const struct line *line, struct desk *desk, const struct signrequest *wanted)
{
	struct signing *signing = desk->signing;
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

	if (!consume(line, desk, wanted->len))
		return false;
	req.id = request_id_next(signing->ids, id);
	req.target = text_of(wanted->target);
	req.accept = text_of(wanted->accept);
	atomic_fetch_add(&signing->pending, 1);
	response_init(&res);
	atomic_fetch_add(&signing->working, 1);
	api_handle(signing->api, &req, &res);
	atomic_fetch_sub(&signing->working, 1);
	last = atomic_load(&signing->stopping);
	sent = send_answer(line, desk, &req, &res, last);
	response_free(&res);
	return sent && !last;
}

static ssize_t
look(const struct line *line, struct desk *desk, int flags)
{
	ssize_t n;

	do
		n = recv(line->fd, desk->block, LINE_BLOCK_SIZE, MSG_PEEK | flags);
	while (n < 0 && errno == EINTR);
	return n;
}

/*
 * A CPU without work goes to sleep, and on a virtual machine to wake it may take as long
 * as to sign. So this lingers before it sleeps, as long as nobody else is in want of the
 * CPU: then to yield takes no time.
 */
static ssize_t
look_for_next(const struct line *line, struct desk *desk)
{
	int64_t now = clock_mono_ns(), end = now + LINGER_NS, before;

	while (atomic_load(&desk->signing->working) == 0 && now < end) {
		ssize_t n = look(line, desk, MSG_DONTWAIT);

		if (n >= 0 || errno != EAGAIN)
			return n;
		before = clock_mono_ns();
		sched_yield();
		now = clock_mono_ns();
		if (now - before > YIELDED_NS)
			break;
	}
	return look(line, desk, 0);
}

static void
limit_waiting(const struct line *line)
{
	const int ms = line->is_hurried ? PARK_HURRIED_MS : PARK_MS;
	const struct timeval wait = { ms / 1000, ms % 1000 * 1000L };

	setsockopt(line->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
}

/* Both ways are closed: who gave up while this was in line is not to be signed for, or
 * under too much load nobody is served in time. */
static bool
is_gone(const struct line *line)
{
	struct pollfd p = { .fd = line->fd };

	return poll(&p, 1, 0) == 1 && (p.revents & POLLHUP) != 0;
}

enum line_next
line_serve(const struct line *line, struct desk *desk)
{
	struct signrequest req;
	ssize_t n;

	if (is_gone(line))
		return LINE_END;
	limit_waiting(line);
	do {
		n = look_for_next(line, desk);
		if (n < 0 && errno == EAGAIN)
			return LINE_PARK;
		if (n <= 0)
			return LINE_END;
		if (!signrequest_read(desk->block, (size_t)n, &req)) {
			/* It may have a token in it. */
			OPENSSL_cleanse(desk->block, (size_t)n);
			return LINE_OTHER;
		}
		if (!answer(line, desk, &req))
			return LINE_END;
	} while (atomic_load(&line->quota->waiting) == 0);
	return LINE_PARK;
}
