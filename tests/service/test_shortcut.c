/* test_shortcut.c - connections come, are served, rest, are handed over, and are cut off.
 */
#include "service/shortcut.h"

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
#include "tests/api/fixture.h"

#define REQUEST                                                                          \
	"POST /v1/keys/papers/sign?scheme=ecdsa_secp256r1_sha256 HTTP/1.1\r\n"           \
	"Host: localhost\r\n"                                                            \
	"Content-Type: application/octet-stream\r\n"                                     \
	"Content-Length: 5\r\n\r\nhello"
#define OTHER    "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
#define WAIT_MS  5000
#define MANY     24
#define PIPELINE 20000 /* requests, whose answers no socket's buffer holds */

static struct fixture *fixture;
static struct request_ids ids;

static struct shortcut *shortcut;
static struct limits *limits;
static int listener;
static char name[64];
static int handed_over = -1;

static int
open_fixture(void **state)
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

static const struct limits_options usual = {
	.connections = 64,
	.connections_per_peer = 32,
	.threads_per_peer = 16,
	.answer_s = 60,
	.idle_s = 60,
};

static void
start(const struct limits_options *wanted)
{
	struct shortcut_options options = {
		.api = &fixture->api,
		.ids = &ids,
		.everyone_is_admin = true,
		.count = 1,
		.hand_over = take,
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

static void
stop(void)
{
	shortcut_quiesce(shortcut);
	shortcut_stop(shortcut);
	assert_int_equal(limits_connections(limits), 0);
	limits_free(limits);
	close(listener);
}

static int
connect_to_it(void)
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

static void
say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* The status of what comes, 0 for the end of the connection. */
static int
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

static void
wait_until(size_t (*count)(struct shortcut *), size_t wanted)
{
	int64_t end = clock_mono_ms() + WAIT_MS;

	while (count(shortcut) != wanted) {
		assert_true(clock_mono_ms() < end);
		usleep(5000);
	}
}

static size_t
connections(struct shortcut *s)
{
	(void)s;
	return limits_connections(limits);
}

static void
answers_one_request_after_the_other(void **state)
{
	int fd;

	(void)state;
	start(&usual);
	fd = connect_to_it();
	for (int i = 0; i < 3; i++) {
		say(fd, REQUEST);
		assert_int_equal(status_of_answer(fd), 200);
	}
	assert_int_equal(shortcut_threads(shortcut), 1);
	close(fd);
	wait_until(shortcut_threads, 0);
	stop();
}

static void
who_says_nothing_has_no_thread(void **state)
{
	int fds[4];

	(void)state;
	start(&usual);
	for (int i = 0; i < 4; i++)
		fds[i] = connect_to_it();
	wait_until(shortcut_parked, 4);
	assert_int_equal(shortcut_threads(shortcut), 0);
	say(fds[2], REQUEST);
	assert_int_equal(status_of_answer(fds[2]), 200);
	assert_int_equal(shortcut_parked(shortcut), 3);
	for (int i = 0; i < 4; i++)
		close(fds[i]);
	wait_until(shortcut_parked, 0);
	wait_until(shortcut_threads, 0);
	stop();
}

static void
an_idle_connection_gives_its_thread_back_and_gets_another(void **state)
{
	int fd;

	(void)state;
	start(&usual);
	fd = connect_to_it();
	for (int i = 0; i < 2; i++) {
		say(fd, REQUEST);
		assert_int_equal(status_of_answer(fd), 200);
		assert_int_equal(shortcut_threads(shortcut), 1);
		wait_until(shortcut_parked, 1);
		wait_until(shortcut_threads, 0);
	}
	close(fd);
	stop();
}

static void
one_that_is_idle_for_too_long_is_closed(void **state)
{
	struct limits_options short_idle = usual;
	int fd, silent;

	(void)state;
	short_idle.idle_s = 1;
	start(&short_idle);
	silent = connect_to_it();
	fd = connect_to_it();
	say(fd, REQUEST);
	assert_int_equal(status_of_answer(fd), 200);
	assert_int_equal(status_of_answer(silent), 0);
	assert_int_equal(status_of_answer(fd), 0);
	wait_until(connections, 0);
	close(fd);
	close(silent);
	stop();
}

static void
hands_over_anything_else_unread(void **state)
{
	char text[256] = "";
	int fd;

	(void)state;
	start(&usual);
	handed_over = -1;
	fd = connect_to_it();
	say(fd, REQUEST);
	assert_int_equal(status_of_answer(fd), 200);
	say(fd, OTHER);
	wait_until(shortcut_threads, 0);
	assert_true(handed_over >= 0);
	assert_int_equal(recv(handed_over, text, sizeof(text) - 1, 0), strlen(OTHER));
	assert_string_equal(text, OTHER);
	close(handed_over);
	close(fd);
	stop();
}

static void
turns_away_one_too_many_and_takes_the_next_when_one_has_left(void **state)
{
	int fds[32], fd;

	(void)state;
	start(&usual);
	for (int i = 0; i < 32; i++)
		fds[i] = connect_to_it();
	wait_until(shortcut_parked, 32);
	log_capture();
	fd = connect_to_it();
	assert_int_equal(status_of_answer(fd), 503);
	assert_int_equal(status_of_answer(fd), 0);
	assert_non_null(strstr(log_captured(), "limit=connections_per_peer"));
	close(fd);
	close(fds[0]);
	wait_until(connections, 31);
	fd = connect_to_it();
	say(fd, REQUEST);
	assert_int_equal(status_of_answer(fd), 200);
	close(fd);
	for (int i = 1; i < 32; i++)
		close(fds[i]);
	stop();
}

/* Until no descriptor can be had any more; the caller sets the old limit again. */
static struct rlimit
use_up_descriptors(void)
{
	struct rlimit before, now;
	int fd = dup(STDIN_FILENO);

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	now = before;
	now.rlim_cur = (rlim_t)fd;
	close(fd);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
	return before;
}

static void
goes_on_when_descriptors_can_be_had_again(void **state)
{
	struct rlimit before;
	int early, late;

	(void)state;
	start(&usual);
	early = connect_to_it();
	wait_until(shortcut_parked, 1);
	log_capture();
	late = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	before = use_up_descriptors();
	close(late);
	late = connect_to_it();
	say(late, REQUEST);
	usleep(200000);
	assert_int_equal(shortcut_parked(shortcut), 1);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	say(early, REQUEST);
	assert_int_equal(status_of_answer(early), 200);
	assert_int_equal(status_of_answer(late), 200);
	assert_non_null(strstr(log_captured(), "limit=descriptors"));
	close(early);
	close(late);
	stop();
}

static void
a_listener_that_is_shut_down_is_no_shortage(void **state)
{
	int fd;

	(void)state;
	start(&usual);
	fd = connect_to_it();
	wait_until(shortcut_parked, 1);
	log_capture();
	assert_int_equal(shutdown(listener, SHUT_RDWR), 0);
	usleep(100000);
	say(fd, REQUEST);
	assert_int_equal(status_of_answer(fd), 200);
	assert_null(strstr(log_captured(), "limit.met"));
	close(fd);
	stop();
}

static void
a_peer_with_more_busy_connections_than_threads_is_served_all_the_same(void **state)
{
	struct limits_options few = usual;
	int fds[MANY];

	(void)state;
	few.threads_per_peer = 2;
	start(&few);
	for (int i = 0; i < MANY; i++)
		fds[i] = connect_to_it();
	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < MANY; i++)
			say(fds[i], REQUEST);
		assert_true(shortcut_threads(shortcut) <= 2);
		for (int i = 0; i < MANY; i++)
			assert_int_equal(status_of_answer(fds[i]), 200);
	}
	for (int i = 0; i < MANY; i++)
		close(fds[i]);
	wait_until(shortcut_parked, 0);
	wait_until(shortcut_threads, 0);
	stop();
}

/* Asks until nothing fits any more: the other side waits for somebody to read. */
static int
connect_and_never_read(void)
{
	int fd = connect_to_it(), sent = 0;
	const char *rest = REQUEST;
	const struct timeval wait = { .tv_sec = 1 };

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	while (sent++ < PIPELINE) {
		ssize_t n = send(fd, rest, strlen(rest), MSG_NOSIGNAL);

		if (n < (ssize_t)strlen(rest))
			break;
	}
	assert_true(sent < PIPELINE);
	return fd;
}

static void
a_stop_does_not_wait_for_who_does_not_read(void **state)
{
	int64_t begin;
	int fd;

	(void)state;
	start(&usual);
	fd = connect_and_never_read();
	assert_int_equal(shortcut_threads(shortcut), 1);
	assert_int_equal(shortcut_pending(shortcut), 0);
	begin = clock_mono_ms();
	stop();
	assert_true(clock_mono_ms() - begin < 2000);
	close(fd);
}

/* One after the other, until an answer does not come. Returns how many do. */
static int
ask_and_never_read(int fd, int max)
{
	int asked, before, now = 0;

	for (asked = 0; asked < max; asked++) {
		before = now;
		say(fd, REQUEST);
		for (int i = 0; i < 500 && now == before; i++) {
			usleep(1000);
			assert_int_equal(ioctl(fd, FIONREAD, &now), 0);
		}
		if (now == before)
			break;
	}
	return asked;
}

static void
a_stop_waits_for_nobody_who_gets_a_thread_in_it(void **state)
{
	struct limits_options few = usual;
	int room, first, full, waits;
	int64_t begin;

	(void)state;
	few.threads_per_peer = 1;
	start(&few);
	first = connect_to_it();
	room = ask_and_never_read(first, PIPELINE);
	assert_in_range(room, 1, PIPELINE - 1);
	close(first);
	wait_until(shortcut_threads, 0);
	waits = connect_to_it();
	assert_int_equal(ask_and_never_read(waits, room), room);
	full = connect_to_it();
	assert_int_equal(ask_and_never_read(full, room + 1), room);
	say(waits, REQUEST);
	usleep(100000);
	begin = clock_mono_ms();
	stop();
	assert_true(clock_mono_ms() - begin < 2000);
	close(full);
	close(waits);
}

static void
who_does_not_read_is_cut_off(void **state)
{
	struct limits_options impatient = usual;
	int fd;

	(void)state;
	impatient.answer_s = 1;
	start(&impatient);
	log_capture();
	fd = connect_and_never_read();
	wait_until(shortcut_threads, 0);
	assert_non_null(strstr(log_captured(), "limit=answer_s"));
	wait_until(connections, 0);
	close(fd);
	stop();
}

static void
a_request_that_comes_during_a_stop_is_the_last(void **state)
{
	char text[1024] = "";
	int parked, fd;

	(void)state;
	start(&usual);
	parked = connect_to_it();
	fd = connect_to_it();
	say(fd, REQUEST);
	assert_int_equal(status_of_answer(fd), 200);
	wait_until(shortcut_parked, 1);
	shortcut_quiesce(shortcut);
	say(parked, REQUEST);
	assert_true(recv(parked, text, sizeof(text) - 1, 0) > 0);
	assert_non_null(strstr(text, "\r\nConnection: close\r\n"));
	assert_int_equal(status_of_answer(parked), 0);
	close(parked);
	shortcut_stop(shortcut);
	assert_int_equal(status_of_answer(fd), 0);
	close(fd);
	assert_int_equal(limits_connections(limits), 0);
	limits_free(limits);
	close(listener);
}

/* There may be a token in it. */
static void
keeps_nothing_of_what_it_hands_over(void **state)
{
	struct signing signing = { 0 };
	struct desk desk = { .signing = &signing };
	struct line line = { 0 };
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	line.fd = ends[0];
	say(ends[1], OTHER);
	assert_int_equal(line_serve(&line, &desk), LINE_OTHER);
	for (size_t i = 0; i < sizeof(desk.block); i++)
		assert_int_equal(desk.block[i], 0);
	close(ends[0]);
	close(ends[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_one_request_after_the_other),
		cmocka_unit_test(who_says_nothing_has_no_thread),
		cmocka_unit_test(
		    an_idle_connection_gives_its_thread_back_and_gets_another),
		cmocka_unit_test(one_that_is_idle_for_too_long_is_closed),
		cmocka_unit_test(hands_over_anything_else_unread),
		cmocka_unit_test(keeps_nothing_of_what_it_hands_over),
		cmocka_unit_test(
		    turns_away_one_too_many_and_takes_the_next_when_one_has_left),
		cmocka_unit_test(goes_on_when_descriptors_can_be_had_again),
		cmocka_unit_test(a_listener_that_is_shut_down_is_no_shortage),
		cmocka_unit_test(
		    a_peer_with_more_busy_connections_than_threads_is_served_all_the_same),
		cmocka_unit_test(a_stop_does_not_wait_for_who_does_not_read),
		cmocka_unit_test(a_stop_waits_for_nobody_who_gets_a_thread_in_it),
		cmocka_unit_test(who_does_not_read_is_cut_off),
		cmocka_unit_test(a_request_that_comes_during_a_stop_is_the_last),
	};

	return cmocka_run_group_tests(tests, open_fixture, fixture_close);
}
