/* shortcut_scene.c - a shortcut over a real token, and its clients. */
#include "tests/service/shortcut_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "service/line.h"

struct fixture *fixture;
static struct request_ids ids;

struct shortcut *shortcut;
struct limits *limits;
int listener;
static char name[64];
atomic_int handed_over = -1;

int
scene_open(void **state)
{
	if (fixture_open(state) != 0)
		return -1;
	fixture = *state;
	make_key(fixture, "papers", "ec-p256", "sign");
	return request_ids_init(&ids, NULL);
}

static void
take(void *ctx, int fd, struct visitor *visitor, struct quota *quota)
{
	(void)ctx;
	handed_over = fd;
	visitor_free(visitor);
	limits_leave(limits, quota);
}

static bool
nobody_else_is_here(void *ctx, const struct limits_claim *claim)
{
	(void)ctx;
	(void)claim;
	return false;
}

const struct limits_options usual = {
	.connections = 64,
	.connections_per_peer = 32,
	.threads_per_peer = 16,
	.answer_s = 60,
	.idle_s = 60,
};

void
scene_start(const struct limits_options *wanted)
{
	struct shortcut_options options = {
		.api = &fixture->api,
		.ids = &ids,
		.everyone_is_admin = true,
		.count = 1,
		.hand_over = take,
		.make_room = nobody_else_is_here,
	};
	const struct listen_owner ours = { (uid_t)-1, (gid_t)-1 };
	struct listener l;

	snprintf(name, sizeof(name), "@keyhold-test-shortcut-%d", (int)getpid());
	assert_int_equal(listen_unix(name, 0600, ours, &l, NULL), 0);
	options.fds[0] = listener = l.fd;
	assert_int_equal(limits_new(wanted, &limits, NULL), 0);
	options.limits = limits;
	assert_int_equal(shortcut_start(&options, &shortcut, NULL), 0);
}

void
scene_stop(void)
{
	shortcut_quiesce(shortcut);
	shortcut_stop(shortcut);
	assert_int_equal(limits_connections(limits), 0);
	limits_free(limits);
	close(listener);
}

int
scene_connect(void)
{
	const struct timeval wait = { .tv_sec = WAIT_MS / 1000 };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path + 1, name + 1, strlen(name) - 1);
	assert_int_equal(
	    connect(fd, (struct sockaddr *)&address,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))),
	    0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	return fd;
}

void
say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* The status of what comes, 0 for the end of the connection. */
int
status_of_answer(int fd)
{
	char text[1024] = "";
	int status = 0;
	ssize_t n = recv(fd, text, sizeof(text) - 1, 0);

	assert_true(n >= 0);
	if (n > 0)
		assert_int_equal(sscanf(text, "HTTP/1.1 %d ", &status), 1);
	return status;
}

void
wait_until(size_t (*count)(struct shortcut *), size_t wanted)
{
	int64_t end = clock_mono_ms() + WAIT_MS;

	while (count(shortcut) != wanted) {
		assert_true(clock_mono_ms() < end);
		usleep(5000);
	}
}

size_t
connections(struct shortcut *s)
{
	(void)s;
	return limits_connections(limits);
}
