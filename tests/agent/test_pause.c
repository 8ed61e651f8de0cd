/* Pauses grow, but not for ever, and not for who has little time left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/pause.h"

#define DAY_S INT64_C(86400)

static void
assert_about(int64_t pause, int64_t most)
{
	assert_true(pause <= most);
	assert_true(pause >= most - most / 4);
}

static void
a_pause_doubles_up_to_six_hours(void **state)
{
	(void)state;
	assert_about(pause_after(1, 30 * DAY_S), 60);
	assert_about(pause_after(2, 30 * DAY_S), 120);
	assert_about(pause_after(8, 30 * DAY_S), 60 * 128);
	assert_about(pause_after(10, 30 * DAY_S), DAY_S / 4);
	assert_about(pause_after(1000000, 30 * DAY_S), DAY_S / 4);
}

static void
who_has_a_day_left_does_not_wait_for_six_hours(void **state)
{
	(void)state;
	assert_about(pause_after(20, DAY_S), DAY_S / 10);
	assert_about(pause_after(20, 0), 600);
	assert_about(pause_after(20, -DAY_S), 600);
}

static void
two_that_failed_together_do_not_try_again_together(void **state)
{
	int64_t first = pause_after(20, 30 * DAY_S);
	int differ = 0;

	(void)state;
	for (int i = 0; i < 20; i++)
		differ += pause_after(20, 30 * DAY_S) != first;
	assert_true(differ > 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pause_doubles_up_to_six_hours),
		cmocka_unit_test(who_has_a_day_left_does_not_wait_for_six_hours),
		cmocka_unit_test(two_that_failed_together_do_not_try_again_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
