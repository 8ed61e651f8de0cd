/* test_histogram.c - quantiles to within a bucket. */
#include "bench/histogram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* What a bucket may be off, and never below. */
static void
check_near(uint64_t quantile, uint64_t exact)
{
	assert_in_range(quantile, exact, exact + exact / 32);
}

static void
finds_the_quantiles_of_a_uniform_spread(void **state)
{
	struct histogram h = { 0 };

	(void)state;
	for (uint64_t ns = 1; ns <= 100000; ns++)
		histogram_add(&h, ns);
	check_near(histogram_quantile_ns(&h, 0.5), 50000);
	check_near(histogram_quantile_ns(&h, 0.99), 99000);
	assert_int_equal(histogram_quantile_ns(&h, 1), 100000);
}

static void
small_values_are_exact(void **state)
{
	struct histogram h = { 0 };

	(void)state;
	for (uint64_t ns = 0; ns < 32; ns++)
		histogram_add(&h, ns);
	assert_int_equal(histogram_quantile_ns(&h, 0.5), 15);
}

static void
is_never_above_the_largest(void **state)
{
	struct histogram h = { 0 };

	(void)state;
	histogram_add(&h, 1000001);
	assert_int_equal(histogram_quantile_ns(&h, 0.5), 1000001);
}

static void
takes_the_largest_number_there_is(void **state)
{
	struct histogram h = { 0 };

	(void)state;
	histogram_add(&h, UINT64_MAX);
	assert_int_equal(histogram_quantile_ns(&h, 0.5), UINT64_MAX);
}

static void
merges(void **state)
{
	struct histogram a = { 0 }, b = { 0 };

	(void)state;
	for (uint64_t i = 0; i < 10; i++) {
		histogram_add(&a, 10);
		histogram_add(&b, 30);
	}
	histogram_add(&b, 31);
	histogram_merge(&a, &b);
	assert_int_equal(a.count, 21);
	assert_int_equal(histogram_quantile_ns(&a, 0.4), 10);
	assert_int_equal(histogram_quantile_ns(&a, 0.9), 30);
	assert_int_equal(a.max_ns, 31);
}

static void
none_is_zero(void **state)
{
	const struct histogram h = { 0 };

	(void)state;
	assert_int_equal(histogram_quantile_ns(&h, 0.5), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_quantiles_of_a_uniform_spread),
		cmocka_unit_test(small_values_are_exact),
		cmocka_unit_test(is_never_above_the_largest),
		cmocka_unit_test(takes_the_largest_number_there_is),
		cmocka_unit_test(merges),
		cmocka_unit_test(none_is_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
