/* test_shortcut.c - connections come, are served, rest, and are handed over. */
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
#include "pkcs11/keystore_state.h"
#include "service/line.h"
#include "tests/service/shortcut_scene.h"

static void
answers_one_request_after_the_other(void **state)
{
	int fd;

	(void)state;
	scene_start(&usual);
	fd = scene_connect();
	for (int i = 0; i < 3; i++) {
		say(fd, REQUEST);
		assert_int_equal(status_of_answer(fd), 200);
	}
	assert_int_equal(shortcut_threads(shortcut), 1);
	close(fd);
	wait_until(shortcut_threads, 0);
	scene_stop();
}

static void
who_says_nothing_has_no_thread(void **state)
{
	int fds[4];

	(void)state;
	scene_start(&usual);
	for (int i = 0; i < 4; i++)
		fds[i] = scene_connect();
	wait_until(shortcut_parked, 4);
	assert_int_equal(shortcut_threads(shortcut), 0);
	say(fds[2], REQUEST);
	assert_int_equal(status_of_answer(fds[2]), 200);
	assert_int_equal(shortcut_parked(shortcut), 3);
	for (int i = 0; i < 4; i++)
		close(fds[i]);
	wait_until(shortcut_parked, 0);
	wait_until(shortcut_threads, 0);
	scene_stop();
}

static void
an_idle_connection_gives_its_thread_back_and_gets_another(void **state)
{
	int fd;

	(void)state;
	scene_start(&usual);
	fd = scene_connect();
	for (int i = 0; i < 2; i++) {
		say(fd, REQUEST);
		assert_int_equal(status_of_answer(fd), 200);
		assert_int_equal(shortcut_threads(shortcut), 1);
		wait_until(shortcut_parked, 1);
		wait_until(shortcut_threads, 0);
	}
	close(fd);
	scene_stop();
}

static void
one_that_is_idle_for_too_long_is_closed(void **state)
{
	struct limits_options short_idle = usual;
	int fd, silent;

	(void)state;
	short_idle.idle_s = 1;
	scene_start(&short_idle);
	silent = scene_connect();
	fd = scene_connect();
	say(fd, REQUEST);
	assert_int_equal(status_of_answer(fd), 200);
	assert_int_equal(status_of_answer(silent), 0);
	assert_int_equal(status_of_answer(fd), 0);
	wait_until(connections, 0);
	close(fd);
	close(silent);
	scene_stop();
}

static size_t
is_handed_over(struct shortcut *s)
{
	(void)s;
	return handed_over >= 0;
}

static void
hands_over_anything_else_unread(void **state)
{
	char text[256] = "";
	int fd;

	(void)state;
	scene_start(&usual);
	handed_over = -1;
	fd = scene_connect();
	say(fd, REQUEST);
	assert_int_equal(status_of_answer(fd), 200);
	say(fd, OTHER);
	wait_until(is_handed_over, true);
	wait_until(shortcut_threads, 0);
	assert_int_equal(recv(handed_over, text, sizeof(text) - 1, 0), strlen(OTHER));
	assert_string_equal(text, OTHER);
	close(handed_over);
	close(fd);
	scene_stop();
}

static void
turns_away_one_too_many_and_takes_the_next_when_one_has_left(void **state)
{
	int fds[32], fd;

	(void)state;
	scene_start(&usual);
	for (int i = 0; i < 32; i++)
		fds[i] = scene_connect();
	wait_until(shortcut_parked, 32);
	log_capture();
	fd = scene_connect();
	assert_int_equal(status_of_answer(fd), 503);
	assert_int_equal(status_of_answer(fd), 0);
	assert_non_null(strstr(log_captured(), "limit=connections_per_peer"));
	close(fd);
	close(fds[0]);
	wait_until(connections, 31);
	fd = scene_connect();
	say(fd, REQUEST);
	assert_int_equal(status_of_answer(fd), 200);
	close(fd);
	for (int i = 1; i < 32; i++)
		close(fds[i]);
	scene_stop();
}

static void
the_longest_parked_one_gives_way_when_all_connections_are_taken(void **state)
{
	struct limits_options few = usual;
	int fds[6];

	(void)state;
	few.connections = 4;
	scene_start(&few);
	for (int i = 0; i < 4; i++) {
		fds[i] = scene_connect();
		wait_until(shortcut_parked, (size_t)i + 1);
	}
	fds[4] = scene_connect();
	assert_int_equal(status_of_answer(fds[0]), 0);
	wait_until(connections, 4);
	fds[5] = scene_connect();
	assert_int_equal(status_of_answer(fds[1]), 0);
	for (int i = 2; i < 6; i++) {
		say(fds[i], REQUEST);
		assert_int_equal(status_of_answer(fds[i]), 200);
	}
	for (int i = 0; i < 6; i++)
		close(fds[i]);
	scene_stop();
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
	scene_start(&usual);
	early = scene_connect();
	wait_until(shortcut_parked, 1);
	log_capture();
	late = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	before = use_up_descriptors();
	close(late);
	late = scene_connect();
	say(late, REQUEST);
	assert_true(log_is_written(WAIT_MS));
	assert_int_equal(shortcut_parked(shortcut), 1);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	say(early, REQUEST);
	assert_int_equal(status_of_answer(early), 200);
	assert_int_equal(status_of_answer(late), 200);
	assert_non_null(strstr(log_captured(), "limit=descriptors"));
	close(early);
	close(late);
	scene_stop();
}

static void
a_listener_that_is_shut_down_is_no_shortage(void **state)
{
	int fd;

	(void)state;
	scene_start(&usual);
	fd = scene_connect();
	wait_until(shortcut_parked, 1);
	log_capture();
	assert_int_equal(shutdown(listener, SHUT_RDWR), 0);
	usleep(100000);
	say(fd, REQUEST);
	assert_int_equal(status_of_answer(fd), 200);
	assert_null(strstr(log_captured(), "limit.met"));
	close(fd);
	scene_stop();
}

static void
a_peer_with_more_busy_connections_than_threads_is_served_all_the_same(void **state)
{
	struct limits_options few = usual;
	int fds[MANY];

	(void)state;
	few.threads_per_peer = 2;
	scene_start(&few);
	for (int i = 0; i < MANY; i++)
		fds[i] = scene_connect();
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
	scene_stop();
}

static unsigned long long
signatures(void)
{
	struct keystore_use use = keystore_use(fixture->token->keystore);
	unsigned long long sum = 0;

	for (size_t i = 0; i <= DURATIONS_BOUNDS; i++)
		sum += atomic_load(&use.times[TOKEN_SIGNS].counts[i]);
	return sum;
}

/* Else, with more requests than the token can do, each is done too late. */
static void
who_gave_up_while_it_was_in_line_is_not_signed_for(void **state)
{
	struct keystore *store = fixture->token->keystore;
	struct limits_options few = usual;
	unsigned long long before;
	int first, gone;

	(void)state;
	few.threads_per_peer = 1;
	scene_start(&few);
	first = scene_connect();
	say(first, REQUEST);
	assert_int_equal(status_of_answer(first), 200);
	before = signatures();
	pthread_rwlock_wrlock(&store->handles);
	say(first, REQUEST);
	gone = scene_connect();
	say(gone, REQUEST);
	close(gone);
	pthread_rwlock_unlock(&store->handles);
	assert_int_equal(status_of_answer(first), 200);
	wait_until(connections, 1);
	assert_int_equal(signatures(), before + 1);
	close(first);
	scene_stop();
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
		cmocka_unit_test(who_gave_up_while_it_was_in_line_is_not_signed_for),
		cmocka_unit_test(keeps_nothing_of_what_it_hands_over),
		cmocka_unit_test(
		    turns_away_one_too_many_and_takes_the_next_when_one_has_left),
		cmocka_unit_test(
		    the_longest_parked_one_gives_way_when_all_connections_are_taken),
		cmocka_unit_test(goes_on_when_descriptors_can_be_had_again),
		cmocka_unit_test(a_listener_that_is_shut_down_is_no_shortage),
		cmocka_unit_test(
		    a_peer_with_more_busy_connections_than_threads_is_served_all_the_same),
	};

	return cmocka_run_group_tests(tests, scene_open, fixture_close);
}
