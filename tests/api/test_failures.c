/* test_failures.c - peers that present bad tokens, by a clock of the test's. */
#include "api/failures.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define NOW    INT64_C(5000000)
#define WINDOW (FAILURES_WINDOW_S * INT64_C(1000))

static int
set_up(void **state)
{
	return failures_new((struct failures **)state, NULL);
}

static int
tear_down(void **state)
{
	failures_free(*state);
	return 0;
}

/* All that it may, at once; true for the last one only. */
static void
exhaust(struct failures *f, const char *actor, int64_t now_ms)
{
	bool last;

	for (int i = 1; i <= FAILURES_MAX; i++) {
		assert_int_equal(failures_wait_s(f, actor, now_ms), 0);
		assert_int_equal(failures_add(f, actor, now_ms, &last), 0);
		assert_int_equal(last, i == FAILURES_MAX);
	}
	assert_true(failures_wait_s(f, actor, now_ms) > 0);
	assert_true(failures_add(f, actor, now_ms, &last) > 0);
	assert_false(last);
}

static void
lets_a_peer_wait_until_its_minute_is_over(void **state)
{
	struct failures *f = *state;

	exhaust(f, "uid:33", NOW);
	assert_int_equal(failures_wait_s(f, "uid:33", NOW), 60);
	assert_int_equal(failures_wait_s(f, "uid:33", NOW + WINDOW - 1500), 2);
	assert_int_equal(failures_wait_s(f, "uid:33", NOW + WINDOW - 1), 1);
	assert_int_equal(failures_wait_s(f, "uid:33", NOW + WINDOW), 0);
	exhaust(f, "uid:33", NOW + WINDOW);
}

/* All have looked before the first has failed. */
static void
counts_no_more_of_many_at_once_than_a_peer_has(void **state)
{
	struct failures *f = *state;
	int counted = 0, told_last = 0;
	bool last;

	for (int i = 0; i < 3 * FAILURES_MAX; i++)
		assert_int_equal(failures_wait_s(f, "uid:33", NOW), 0);
	for (int i = 0; i < 3 * FAILURES_MAX; i++) {
		counted += failures_add(f, "uid:33", NOW, &last) == 0;
		told_last += last;
	}
	assert_int_equal(counted, FAILURES_MAX);
	assert_int_equal(told_last, 1);
}

static void
counts_within_a_minute_only(void **state)
{
	struct failures *f = *state;
	bool last;

	for (int i = 0; i < 5 * FAILURES_MAX; i++) {
		int64_t now = NOW + i * (WINDOW / (FAILURES_MAX - 1) + 1);

		assert_int_equal(failures_wait_s(f, "uid:33", now), 0);
		assert_int_equal(failures_add(f, "uid:33", now, &last), 0);
		assert_false(last);
	}
}

static void
lets_nobody_else_wait(void **state)
{
	struct failures *f = *state;

	exhaust(f, "uid:33", NOW);
	exhaust(f, "nobody:10.0.0.1", NOW);
	assert_int_equal(failures_wait_s(f, "uid:3", NOW), 0);
	assert_int_equal(failures_wait_s(f, "uid:34", NOW), 0);
	assert_int_equal(failures_wait_s(f, "nobody:10.0.0.2", NOW), 0);
	assert_int_equal(failures_wait_s(f, "nobody:::ffff:10.0.0.1", NOW), 0);
}

static void
takes_a_network_of_ipv6_for_a_peer(void **state)
{
	struct failures *f = *state;

	exhaust(f, "nobody:2001:db8::1", NOW);
	assert_true(failures_wait_s(f, "nobody:2001:db8::ffff:1", NOW) > 0);
	assert_int_equal(failures_wait_s(f, "nobody:2001:db8:0:1::1", NOW), 0);
	exhaust(f, "nobody:::ffff:10.0.0.1", NOW);
	assert_int_equal(failures_wait_s(f, "nobody:::ffff:10.0.0.2", NOW), 0);
}

static void
forgets_who_failed_longest_ago_when_there_are_too_many(void **state)
{
	struct failures *f = *state;
	char actor[32];
	bool last;

	exhaust(f, "nobody:10.0.0.1", NOW);
	for (int i = 0; i < 100000; i++) {
		snprintf(actor, sizeof(actor), "nobody:11.%d.%d.%d", i >> 16,
		    i >> 8 & 255, i & 255);
		failures_add(f, actor, NOW + 1, &last);
	}
	assert_int_equal(failures_wait_s(f, "nobody:10.0.0.1", NOW + 2), 0);
	exhaust(f, "nobody:12.0.0.1", NOW + 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lets_a_peer_wait_until_its_minute_is_over),
		TEST(counts_no_more_of_many_at_once_than_a_peer_has),
		TEST(counts_within_a_minute_only),
		TEST(lets_nobody_else_wait),
		TEST(takes_a_network_of_ipv6_for_a_peer),
		TEST(forgets_who_failed_longest_ago_when_there_are_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
