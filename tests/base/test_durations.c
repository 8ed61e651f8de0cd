/* test_durations.c - each duration in its class, and none lost. */
#include "base/durations.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define THREADS 4
#define EACH    100000

static unsigned long long
count_all(struct durations *d)
{
	unsigned long long count = 0;

	for (size_t i = 0; i <= DURATIONS_BOUNDS; i++)
		count += atomic_load(&d->counts[i]);
	return count;
}

static void
counts_a_duration_up_to_its_bound(void **state)
{
	struct durations d = { 0 };

	(void)state;
	durations_add(&d, 0);
	durations_add(&d, 10000);
	durations_add(&d, 10001);
	durations_add(&d, 20000);
	durations_add(&d, 1000000000);
	assert_int_equal(atomic_load(&d.counts[0]), 2);
	assert_int_equal(atomic_load(&d.counts[1]), 2);
	assert_int_equal(atomic_load(&d.counts[15]), 1);
	assert_int_equal(count_all(&d), 5);
	assert_int_equal(atomic_load(&d.sum_ns), 1000040001);
}

static void
counts_what_is_longer_than_any_bound(void **state)
{
	struct durations d = { 0 };

	(void)state;
	durations_add(&d, durations_bounds_ns[DURATIONS_BOUNDS - 1]);
	durations_add(&d, durations_bounds_ns[DURATIONS_BOUNDS - 1] + 1);
	durations_add(&d, INT64_MAX / 4);
	assert_int_equal(atomic_load(&d.counts[DURATIONS_BOUNDS - 1]), 1);
	assert_int_equal(atomic_load(&d.counts[DURATIONS_BOUNDS]), 2);
}

static void
has_bounds_that_rise_by_two_or_two_and_a_half(void **state)
{
	(void)state;
	assert_int_equal(durations_bounds_ns[0], 10000);
	assert_int_equal(durations_bounds_ns[DURATIONS_BOUNDS - 1], 10000000000);
	for (size_t i = 1; i < DURATIONS_BOUNDS; i++) {
		assert_true(durations_bounds_ns[i] >= 2 * durations_bounds_ns[i - 1]);
		assert_true(2 * durations_bounds_ns[i] <= 5 * durations_bounds_ns[i - 1]);
	}
}

static void *
add_many(void *arg)
{
	for (int i = 0; i < EACH; i++)
		durations_add(arg, 15000);
	return NULL;
}

static void
loses_none_of_several_threads(void **state)
{
	struct durations d = { 0 };
	pthread_t threads[THREADS];

	(void)state;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, add_many, &d), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&d.counts[1]), THREADS * EACH);
	assert_int_equal(atomic_load(&d.sum_ns), 15000ull * THREADS * EACH);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_a_duration_up_to_its_bound),
		cmocka_unit_test(counts_what_is_longer_than_any_bound),
		cmocka_unit_test(has_bounds_that_rise_by_two_or_two_and_a_half),
		cmocka_unit_test(loses_none_of_several_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
