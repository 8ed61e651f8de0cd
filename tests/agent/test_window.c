/* When an outside server is asked what it wants renewed when, and what is made of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "agent/window.h"
#include "tests/agent/round_scene.h"
#include "tests/base/directory.h"

#define DAY_S 86400
#define LATER "\"due\":\"2027-02-01T00:00:00Z\""

/* With the certificate that the record names. */
static void
install(struct scene *f)
{
	char path[256];

	scene_install(f, "20270330000000Z", path);
}

/* Whether the server, which is away, was asked; members are those of the state. */
static bool
asks(struct scene *f, const char *source, const char *members)
{
	char state[512];

	snprintf(state, sizeof(state), "\"step\":\"idle\"," INSTALLED ",%s", members);
	scene_add(f, "web", source, state, "");
	scene_round(f);
	assert_string_equal(f->ended, "");
	return fake_server_saw(f->server, "PUT /v1/managed/web/state");
}

static void
a_server_that_cannot_say_when_is_asked_again_in_six_hours(void **state)
{
	struct scene *f = *state;

	install(f);
	assert_true(asks(f, OUTSIDE, LATER));
	assert_true(fake_server_saw(f->server, "\"ask_window\":\"2026-12-31T18:00:0"));
	assert_false(fake_server_saw(f->server, "\"due\""));
	assert_int_equal(f->failures, 0);
}

static void
and_not_before(void **state)
{
	install(*state);
	assert_false(
	    asks(*state, OUTSIDE, LATER ",\"ask_window\":\"2026-12-31T18:00:00Z\""));
}

static void
unless_a_clock_was_wrong(void **state)
{
	install(*state);
	assert_true(
	    asks(*state, OUTSIDE, LATER ",\"ask_window\":\"2027-01-02T12:00:00Z\""));
}

static void
the_daemon_is_not_asked_for_windows(void **state)
{
	install(*state);
	assert_false(asks(*state, INTERNAL, LATER));
}

/* Somebody's wish, or a failure, that a pause puts off. */
static void
what_is_due_stays_due(void **state)
{
	install(*state);
	assert_false(asks(*state, OUTSIDE,
	    "\"due\":\"2026-12-31T11:00:00Z\",\"next_attempt\":\"2026-12-31T13:00:"
	    "00Z\""));
}

static void
what_is_installed_elsewhere_is_not_asked_about(void **state)
{
	struct scene *f = *state;

	assert_false(asks(f, OUTSIDE, LATER));
	assert_int_equal(f->failures, 0);
}

static void
a_place_that_is_taken_is_no_failure_of_a_question(void **state)
{
	struct scene *f = *state;
	char path[256];

	directory_path(&f->directory, "web", path);
	write_file(path, "no directory", 0600);
	assert_false(asks(f, OUTSIDE, LATER));
	assert_int_equal(f->failures, 0);
}

/* The daemon's list says of it all the time that it is due. */
static void
after_each_question_the_own_are_looked_at(void **state)
{
	struct scene *f = *state;

	install(f);
	scene_add(f, "web", OUTSIDE, "\"step\":\"idle\"," INSTALLED "," LATER, "");
	scene_add(
	    f, "own", INTERNAL, "\"step\":\"idle\",\"due\":\"2026-12-31T11:00:00Z\"", "");
	scene_round(f);
	assert_string_equal(f->ended, "own own ");
}

static void
but_not_after_none(void **state)
{
	struct scene *f = *state;

	scene_add(f, "web", OUTSIDE, "\"step\":\"idle\"," INSTALLED "," LATER, "");
	scene_add(
	    f, "own", INTERNAL, "\"step\":\"idle\",\"due\":\"2026-12-31T11:00:00Z\"", "");
	scene_round(f);
	assert_string_equal(f->ended, "own ");
}

/* Of 100 days, installed on the first, due on the 70th. */
static const struct state lives = { .not_after = INT64_C(100) * DAY_S,
	.due = INT64_C(70) * DAY_S };

/* In a window of these days. */
static void
assert_due(int64_t start, int64_t end, int64_t least, int64_t most)
{
	const struct acme_window window = { .start = start * DAY_S, .end = end * DAY_S };
	struct error err;
	int64_t due;

	for (int i = 0; i < 100; i++) {
		assert_int_equal(window_choose(&lives, &window, &due, &err), 0);
		assert_true(due >= least * DAY_S && due <= most * DAY_S);
	}
}

static void
a_time_is_taken_within_the_window(void **state)
{
	(void)state;
	assert_due(40, 41, 40, 41);
}

static void
one_that_lies_in_it_stays(void **state)
{
	(void)state;
	assert_due(69, 71, 70, 70);
}

static void
but_none_within_a_day_of_the_last_renewal(void **state)
{
	(void)state;
	assert_due(-20, -10, 1, 1);
}

static void
nor_in_the_last_tenth_of_the_life(void **state)
{
	const struct acme_window late = { .start = INT64_C(91) * DAY_S,
		.end = INT64_C(99) * DAY_S };
	struct error err;
	int64_t due;

	(void)state;
	assert_due(80, 200, 80, 90);
	assert_int_equal(window_choose(&lives, &late, &due, &err), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_server_that_cannot_say_when_is_asked_again_in_six_hours),
		TEST(and_not_before),
		TEST(unless_a_clock_was_wrong),
		TEST(the_daemon_is_not_asked_for_windows),
		TEST(what_is_due_stays_due),
		TEST(what_is_installed_elsewhere_is_not_asked_about),
		TEST(a_place_that_is_taken_is_no_failure_of_a_question),
		TEST(after_each_question_the_own_are_looked_at),
		TEST(but_not_after_none),
		cmocka_unit_test(a_time_is_taken_within_the_window),
		cmocka_unit_test(one_that_lies_in_it_stays),
		cmocka_unit_test(but_none_within_a_day_of_the_last_renewal),
		cmocka_unit_test(nor_in_the_last_tenth_of_the_life),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
