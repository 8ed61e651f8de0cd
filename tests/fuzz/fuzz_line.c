/*
 * fuzz_line.c - any bytes as what a connection brings to the shortcut: requests for
 * signatures, one after the other, and then something else or nothing.
 *
 * What is not answered has to be left unread, for libmicrohttpd reads on from there.
 */
#include "tests/fuzz/target.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "service/line.h"
#include "service/signrequest.h"
#include "tests/api/fixture.h"

#define INPUT_MAX 32768

static struct fixture *fixture;
static struct limits *limits;
static struct request_ids ids;
static struct signing signing;

static void
close_scene(void)
{
	void *state = fixture;

	limits_free(limits);
	fixture_close(&state);
}

static void
open_scene(void)
{
	static const struct limits_options options = {
		.connections = 2,
		.connections_per_peer = 2,
		.threads_per_peer = 2,
		.answer_s = 5,
		.idle_s = 5,
	};
	void *state = NULL;

	if (fixture != NULL)
		return;
	log_set_level(LOG_LEVEL_ERROR);
	must(fixture_open(&state) == 0);
	fixture = state;
	make_key(fixture, "papers", "ec-p256", "sign");
	make_key(fixture, "kex", "rsa-2048", "tls-rsa-kex");
	must(limits_new(&options, &limits, NULL) == 0 &&
	     request_ids_init(&ids, NULL) == 0);
	signing = (struct signing){ .api = &fixture->api, .ids = &ids, .limits = limits };
	atexit(close_scene);
}

/* How many requests for signatures the bytes begin with, and where the rest is. */
static size_t
count_requests(const uint8_t *data, size_t size, size_t *rest)
{
	struct signrequest req;
	size_t count = 0;

	*rest = 0;
	while (signrequest_read(data + *rest,
	    size - *rest < LINE_BLOCK_SIZE ? size - *rest : LINE_BLOCK_SIZE, &req)) {
		*rest += req.len;
		count++;
	}
	return count;
}

/* All of it that is there. */
static size_t
drain(int fd, char *out, size_t room)
{
	size_t len = 0;
	ssize_t n;

	while ((n = recv(fd, out + len, room - len, MSG_DONTWAIT)) > 0)
		len += (size_t)n;
	must(len < room);
	return len;
}

static size_t
count_answers(const char *answers, size_t len)
{
	static const char start[] = "HTTP/1.1 ";
	const char *end = answers + len;
	size_t count = 0;

	while ((answers = memmem(answers, (size_t)(end - answers), start,
		    sizeof(start) - 1)) != NULL) {
		answers += sizeof(start) - 1;
		count++;
	}
	return count;
}

static void
serve(int ours, int theirs, const uint8_t *data, size_t size)
{
	static char answers[1 << 20], rest[INPUT_MAX + 1];
	static struct desk desk;
	struct quota *quota = limits_enter(limits, "uid:0", true);
	struct line *line = line_new(ours, limits, true);
	size_t at, wanted = count_requests(data, size, &at);
	enum line_next next;

	must(quota != NULL && line != NULL);
	desk.signing = &signing;
	line->quota = quota;
	must(send(theirs, data, size, MSG_NOSIGNAL) == (ssize_t)size);
	must(shutdown(theirs, SHUT_WR) == 0);
	next = line_serve(line, &desk);
	must(next == (at < size ? LINE_OTHER : LINE_END));
	must(count_answers(answers, drain(theirs, answers, sizeof(answers))) == wanted);
	must(drain(ours, rest, sizeof(rest)) == size - at);
	must(memcmp(rest, data + at, size - at) == 0);
	must(atomic_load(&signing.pending) == 0 && atomic_load(&signing.working) == 0);
	line_end(line, limits);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int ends[2];

	if (size == 0 || size > INPUT_MAX)
		return 0;
	open_scene();
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
	serve(ends[0], ends[1], data, size);
	close(ends[1]);
	return 0;
}
