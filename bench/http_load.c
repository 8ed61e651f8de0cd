/*
 * http_load.c - the same HTTP/1.1 requests over and over, one at a time on each of many
 * connections that are kept. A thread that has several waits for all of them in one
 * epoll, so that the generator costs as little as it can of the machine that it shares
 * with what it measures.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "bench/crew.h"
#include "bench/options.h"
#include "bench/requests.h"
#include "bench/tcp.h"
#include "client/client.h"
#include "client/response.h"

#define CONNECTIONS_MAX 4096
#define ANSWER_MAX      (64 * 1024 * 1024)
#define BLOCK_SIZE      65536

static const char usage[] =
    "usage: http_load (--socket PATH | --tcp HOST:PORT)\n"
    "                 (--target TARGET | --targets FILE)\n"
    "                 [--method M] [--type TYPE] [--body FILE] [--header LINE]\n"
    "                 [--expect STATUS] [--connections N] [--threads N]\n"
    "                 [--seconds S] [--warmup S]\n"
    "\n"
    "A file has a target in each line. A connection asks for one after the other; each\n"
    "begins elsewhere in the file.\n"
    "\n"
    "Any status but the expected one, 200, ends the run.\n";

struct setting {
	const char *socket, *tcp;
	struct tcp_server server; /* of tcp */
	struct requests_options ask;
	unsigned expect, connections;
	struct crew_options crew;
	struct requests requests;
};

struct connection {
	int fd;
	size_t next; /* request */
	int64_t sent_ns;
	struct client_response answer;
	struct response parser;
};

struct worker {
	const struct setting *setting;
	int epoll;
	unsigned count;
	unsigned char block[BLOCK_SIZE];
	struct connection connections[];
};

static int
read_setting(int argc, char **argv, struct setting *s, struct error *err)
{
	const struct option_row rows[] = {
		{ "socket", .text = &s->socket },
		{ "tcp", .text = &s->tcp },
		{ "target", .text = &s->ask.target },
		{ "targets", .text = &s->ask.targets_file },
		{ "method", .text = &s->ask.method },
		{ "type", .text = &s->ask.type },
		{ "body", .text = &s->ask.body_file },
		{ "header", .text = &s->ask.header },
		{ "expect", .number = &s->expect, .min = 1, .max = 599 },
		{ "connections", .number = &s->connections, .min = 1,
		    .max = CONNECTIONS_MAX },
		OPTIONS_CREW(&s->crew),
	};

	if (options_read(argc, argv, usage, rows, sizeof(rows) / sizeof(rows[0]), err) !=
	    0)
		return -1;
	if ((s->socket == NULL) == (s->tcp == NULL) ||
	    (s->ask.target == NULL) == (s->ask.targets_file == NULL))
		return error_set(err, ERROR_CONFIG, "see --help");
	if (s->connections < s->crew.threads)
		s->connections = s->crew.threads;
	if (s->tcp != NULL && tcp_find(s->tcp, &s->server, err) != 0)
		return -1;
	return requests_init(&s->requests, &s->ask, err);
}

static int
connect_unix(const char *path, struct error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (text_copy(address.sun_path, sizeof(address.sun_path), path) != 0)
		return error_set(err, ERROR_CONFIG, "%s: too long for a socket", path);
	if (fd < 0 ||
	    connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
		return error_set_errno(err, ERROR_IO, "%s", path);
	return fd;
}

/* The next request of a connection. A request fits the socket's buffer, or this waits. */
static int
ask(const struct setting *setting, struct connection *c, struct error *err)
{
	struct bytes request = requests_at(&setting->requests, c->next++);
	const unsigned char *at = request.data;
	size_t left = request.len;

	response_init(&c->parser, &c->answer);
	c->sent_ns = clock_mono_ns();
	while (left > 0) {
		ssize_t n = send(c->fd, at, left, MSG_NOSIGNAL);

		if (n < 0)
			return error_set_errno(err, ERROR_IO, "send");
		at += n;
		left -= (size_t)n;
	}
	return 0;
}

static int
open_connection(struct worker *worker, size_t first_request, struct error *err)
{
	const struct setting *setting = worker->setting;
	struct connection *c = &worker->connections[worker->count];
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };

	c->fd = setting->socket != NULL ? connect_unix(setting->socket, err)
					: tcp_connect(&setting->server, err);
	if (c->fd < 0)
		return -1;
	worker->count++;
	c->next = first_request;
	client_response_init(&c->answer, ANSWER_MAX);
	if (epoll_ctl(worker->epoll, EPOLL_CTL_ADD, c->fd, &event) != 0)
		return error_set_errno(err, ERROR_IO, "epoll");
	return ask(setting, c, err);
}

static int
start(void *ctx, unsigned thread, void **state, struct error *err)
{
	const struct setting *setting = ctx;
	unsigned threads = setting->crew.threads;
	unsigned count = setting->connections / threads +
			 (thread < setting->connections % threads ? 1 : 0);
	struct worker *worker =
	    calloc(1, sizeof(*worker) + count * sizeof(struct connection));

	if (worker == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	*state = worker;
	worker->setting = setting;
	if ((worker->epoll = epoll_create1(EPOLL_CLOEXEC)) < 0)
		return error_set_errno(err, ERROR_IO, "epoll");
	for (unsigned i = 0; i < count; i++)
		if (open_connection(worker,
			(i * threads + thread) * setting->requests.count /
			    setting->connections,
			err) != 0)
			return -1;
	return 0;
}

static int
finish_answer(const struct setting *setting, struct connection *c,
    struct crew_tally *tally, struct error *err)
{
	if (!response_is_complete(&c->parser))
		return 0;
	if (c->answer.status != (int)setting->expect)
		return error_set(err, ERROR_IO, "%d: %.180s", c->answer.status,
		    buf_string(&c->answer.body));
	histogram_add(&tally->latency, (uint64_t)(clock_mono_ns() - c->sent_ns));
	return ask(setting, c, err);
}

static int
receive(struct worker *worker, struct connection *c, struct crew_tally *tally,
    struct error *err)
{
	ssize_t n = recv(c->fd, worker->block, sizeof(worker->block), 0);
	size_t used;

	if (n < 0)
		return error_set_errno(err, ERROR_IO, "recv");
	if (n == 0)
		return error_set(err, ERROR_IO, "the server closed a connection");
	if (response_feed(&c->parser, worker->block, (size_t)n, &used, err) != 0)
		return -1;
	return finish_answer(worker->setting, c, tally, err);
}

static int
step(void *state, struct crew_tally *tally, struct error *err)
{
	struct worker *worker = state;
	struct epoll_event events[64];
	int n;

	if (worker->count == 1)
		return receive(worker, &worker->connections[0], tally, err);
	n = epoll_wait(worker->epoll, events, 64, 100);
	if (n < 0 && errno != EINTR)
		return error_set_errno(err, ERROR_IO, "epoll");
	for (int i = 0; i < n; i++)
		if (receive(worker, events[i].data.ptr, tally, err) != 0)
			return -1;
	return 0;
}

static void
stop(void *state)
{
	struct worker *worker = state;

	if (worker == NULL)
		return;
	for (unsigned i = 0; i < worker->count; i++) {
		close(worker->connections[i].fd);
		client_response_free(&worker->connections[i].answer);
	}
	if (worker->epoll >= 0)
		close(worker->epoll);
	free(worker);
}

int
main(int argc, char **argv)
{
	struct setting setting = {
		.ask.method = "GET",
		.expect = 200,
		.connections = 1,
		.crew = OPTIONS_CREW_DEFAULT,
	};
	const struct crew_job job = { &setting, start, step, stop };
	struct crew_result result;
	struct error err = { 0 };

	if (read_setting(argc, argv, &setting, &err) != 0 ||
	    crew_run(&setting.crew, &job, &result, &err) != 0) {
		fprintf(stderr, "http_load: %s\n", err.text);
		return 1;
	}
	crew_report(&result);
	requests_clear(&setting.requests);
	return 0;
}
