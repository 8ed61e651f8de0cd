/* test_shortcut_stop.c - who is cut off, and what a stop waits for. */
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
#include "tests/service/shortcut_scene.h"

#define SILENCE_MS 3000  /* of somebody who has no room for another answer */
#define STOP_MS    20000 /* far from the minute that a stop must not wait */

/* Asks until nothing fits any more: the other side waits for somebody to read. */
static int
connect_and_never_read(void)
{
	int fd = scene_connect(), sent = 0;
	const char *rest = REQUEST;
	const struct timeval wait = { .tv_sec = SILENCE_MS / 1000 };

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
	scene_start(&usual);
	fd = connect_and_never_read();
	assert_int_equal(shortcut_threads(shortcut), 1);
	assert_int_equal(shortcut_pending(shortcut), 0);
	begin = clock_mono_ms();
	scene_stop();
	assert_true(clock_mono_ms() - begin < STOP_MS);
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
		for (int i = 0; i < SILENCE_MS && now == before; i++) {
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
	scene_start(&few);
	first = scene_connect();
	room = ask_and_never_read(first, PIPELINE);
	assert_in_range(room, 1, PIPELINE - 1);
	close(first);
	wait_until(shortcut_threads, 0);
	waits = scene_connect();
	assert_int_equal(ask_and_never_read(waits, room), room);
	full = scene_connect();
	assert_int_equal(ask_and_never_read(full, room + 1), room);
	say(waits, REQUEST);
	usleep(100000);
	begin = clock_mono_ms();
	scene_stop();
	assert_true(clock_mono_ms() - begin < STOP_MS);
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
	scene_start(&impatient);
	log_capture();
	fd = connect_and_never_read();
	wait_until(shortcut_threads, 0);
	assert_non_null(strstr(log_captured(), "limit=answer_s"));
	wait_until(connections, 0);
	close(fd);
	scene_stop();
}

static void
a_request_that_comes_during_a_stop_is_the_last(void **state)
{
	char text[1024] = "";
	int parked, fd;

	(void)state;
	scene_start(&usual);
	parked = scene_connect();
	wait_until(shortcut_parked, 1);
	fd = scene_connect();
	say(fd, REQUEST);
	assert_int_equal(status_of_answer(fd), 200);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stop_does_not_wait_for_who_does_not_read),
		cmocka_unit_test(a_stop_waits_for_nobody_who_gets_a_thread_in_it),
		cmocka_unit_test(who_does_not_read_is_cut_off),
		cmocka_unit_test(a_request_that_comes_during_a_stop_is_the_last),
	};

	return cmocka_run_group_tests(tests, scene_open, fixture_close);
}
