/* test_clock.c - times as text, and a clock that does not step. */
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void
formats_as_rfc_3339(void **state)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} cases[] = {
		{ 0, "1970-01-01T00:00:00Z" },
		{ 1769903999, "2026-01-31T23:59:59Z" },
		{ -1, "1969-12-31T23:59:59Z" },
		{ 253402300799, "9999-12-31T23:59:59Z" },
		{ -62135596800, "0001-01-01T00:00:00Z" },
	};
	char text[CLOCK_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		clock_format(text, cases[i].seconds);
		assert_string_equal(text, cases[i].text);
	}
}

static void
calls_a_year_of_five_digits_invalid(void **state)
{
	static const int64_t cases[] = { 253402300800, -62135596801, INT64_MAX,
		INT64_MIN };
	char text[CLOCK_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		clock_format(text, cases[i]);
		assert_string_equal(text, "invalid");
	}
}

static void
reads_what_it_writes(void **state)
{
	static const int64_t cases[] = { 0, 1769903999, -1, 253402300799, -62135596800 };
	char text[CLOCK_TEXT_SIZE];
	int64_t seconds;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		clock_format(text, cases[i]);
		assert_int_equal(clock_parse(text, &seconds), 0);
		assert_true(seconds == cases[i]);
	}
}

static void
refuses_what_is_not_a_time(void **state)
{
	static const char *const bad[] = { "", "invalid", "2026-01-31",
		"2026-01-31T23:59:59", "2026-01-31T23:59:59+00:00",
		"2026-01-31T23:59:59ZZ", " 2026-01-31T23:59:59Z", "2026-02-30T00:00:00Z",
		"2026-13-01T00:00:00Z", "2026-1-31T23:59:59Z", "2026-01-31T24:00:00Z",
		"2026-01-31T23:59:60Z", "10000-01-01T00:00:00Z" };
	int64_t seconds;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (clock_parse(bad[i], &seconds) != -1)
			fail_msg("accepted: %s", bad[i]);
}

static void
ignores_the_time_zone(void **state)
{
	char text[CLOCK_TEXT_SIZE];

	(void)state;
	assert_int_equal(setenv("TZ", "Asia/Shanghai", 1), 0);
	tzset();
	clock_format(text, 0);
	assert_string_equal(text, "1970-01-01T00:00:00Z");
	unsetenv("TZ");
	tzset();
}

static void
tells_the_time_of_day(void **state)
{
	int64_t before = (int64_t)time(NULL), now = clock_now_s();

	(void)state;
	assert_true(now >= before && now <= before + 2);
}

static void
writes_and_reads_the_dates_of_http(void **state)
{
	char text[CLOCK_HTTP_SIZE];
	int64_t seconds;

	(void)state;
	clock_http_format(text, INT64_C(784111777));
	assert_string_equal(text, "Sun, 06 Nov 1994 08:49:37 GMT");
	assert_int_equal(clock_http_parse(text, &seconds), 0);
	assert_int_equal(seconds, 784111777);
}

static void
refuses_what_is_no_date_of_http(void **state)
{
	static const char *const texts[] = { "", "Sun, 06 Nov 1994 08:49:37 UTC",
		"Mon, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nix 1994 08:49:37 GMT",
		"Sun, 36 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
		"Sun Nov  6 08:49:37 1994" };
	int64_t seconds;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(clock_http_parse(texts[i], &seconds), -1);
}

static void
counts_milliseconds_upwards(void **state)
{
	struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };
	int64_t before = clock_mono_ms(), passed;

	(void)state;
	nanosleep(&pause, NULL);
	passed = clock_mono_ms() - before;
	assert_true(passed >= 19 && passed < 5000);
}

static void
rest_ms(long ms)
{
	const struct timespec pause = { .tv_nsec = ms * 1000 * 1000 };

	nanosleep(&pause, NULL);
}

/* The last tests here: the clock of this process stays as they leave it. */
static void
waits_in_the_time_of_the_world(void **state)
{
	int64_t left = clock_ns_until(clock_now_s() + 100);

	(void)state;
	assert_false(clock_rehearses());
	assert_int_equal(clock_rate(), 1);
	assert_true(left > 98 * INT64_C(1000000000) && left <= 100 * INT64_C(1000000000));
	assert_int_equal(clock_ns_until(clock_now_s() - 100), 0);
	assert_int_equal(clock_ns_until(INT64_MAX), INT64_MAX);
}

static void
runs_faster_in_a_rehearsal(void **state)
{
	int64_t mono = clock_mono_ms(), passed;

	(void)state;
	clock_rehearse(1000, 4000000000);
	assert_true(clock_rehearses());
	assert_int_equal(clock_rate(), 1000);
	assert_true(clock_now_s() >= 4000000000 && clock_now_s() < 4000005000);
	rest_ms(50);
	passed = clock_now_s() - 4000000000;
	assert_true(passed >= 50 && passed < 5000);
	assert_true(clock_mono_ms() - mono < 5000);
}

static void
waits_shorter_in_a_rehearsal(void **state)
{
	int64_t left;

	(void)state;
	clock_rehearse(1000, 4000000000);
	left = clock_ns_until(4000000000 + 86400);
	assert_true(left > 80 * INT64_C(1000000000) && left <= INT64_C(86400000000));
	assert_int_equal(clock_ns_until(4000000000 - 1), 0);
}

static void
lasts_for_centuries_at_its_fastest(void **state)
{
	int64_t last = 0;

	(void)state;
	clock_rehearse(CLOCK_RATE_MAX, 4000000000);
	for (int i = 0; i < 10; i++) {
		int64_t now = clock_now_s();

		assert_true(now >= last && now >= 4000000000);
		last = now;
		rest_ms(5);
	}
	assert_true(last > 4000000000 + 300000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats_as_rfc_3339),
		cmocka_unit_test(calls_a_year_of_five_digits_invalid),
		cmocka_unit_test(reads_what_it_writes),
		cmocka_unit_test(refuses_what_is_not_a_time),
		cmocka_unit_test(ignores_the_time_zone),
		cmocka_unit_test(writes_and_reads_the_dates_of_http),
		cmocka_unit_test(refuses_what_is_no_date_of_http),
		cmocka_unit_test(tells_the_time_of_day),
		cmocka_unit_test(counts_milliseconds_upwards),
		cmocka_unit_test(waits_in_the_time_of_the_world),
		cmocka_unit_test(runs_faster_in_a_rehearsal),
		cmocka_unit_test(waits_shorter_in_a_rehearsal),
		cmocka_unit_test(lasts_for_centuries_at_its_fastest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
