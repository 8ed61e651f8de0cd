/* test_crl_schedule.c - when CRLs are due, by a clock of the test's. */
#include "ca/crl_schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define T INT64_C(1800000000)

static struct crl_schedule
made_at(int64_t now)
{
	struct crl_schedule s = { 0 };

	crl_schedule_made(&s, CRL_DUE_SCHEDULED, now);
	return s;
}

static void
the_first_is_due_at_once(void **state)
{
	struct crl_schedule s = { 0 };
	int64_t next;

	(void)state;
	assert_int_equal(crl_schedule_due(&s, T, &next), CRL_DUE_SCHEDULED);
}

static void
then_one_is_due_each_day_long_before_the_last_one_ends(void **state)
{
	struct crl_schedule s = made_at(T);
	int64_t next;

	(void)state;
	assert_int_equal(s.next_update, T + 7 * 86400);
	assert_int_equal(crl_schedule_due(&s, T + 86399, &next), CRL_NOT_DUE);
	assert_int_equal(next, T + 86400);
	assert_int_equal(crl_schedule_due(&s, T + 86400, &next), CRL_DUE_SCHEDULED);
	assert_int_equal(crl_schedule_due(&s, T + 30 * 86400, &next), CRL_DUE_SCHEDULED);
}

static void
a_burst_of_revocations_is_one_crl_a_second_after_its_first(void **state)
{
	struct crl_schedule s = made_at(T);
	int64_t next;

	(void)state;
	crl_schedule_changed(&s, T + 100);
	assert_int_equal(crl_schedule_due(&s, T + 100, &next), CRL_NOT_DUE);
	assert_int_equal(next, T + 101);
	crl_schedule_changed(&s, T + 101);
	assert_int_equal(crl_schedule_due(&s, T + 101, &next), CRL_DUE_CHANGED);
	crl_schedule_made(&s, CRL_DUE_CHANGED, T + 101);
	assert_int_equal(crl_schedule_due(&s, T + 102, &next), CRL_NOT_DUE);
	/* It did not put off the scheduled one. */
	assert_int_equal(next, T + 86400);
}

static void
failures_are_retried_after_pauses_that_grow(void **state)
{
	static const int64_t pauses[] = { 5, 10, 20, 40, 80, 160, 300, 300 };
	struct crl_schedule s = { 0 };
	int64_t now = T, next;

	(void)state;
	for (size_t i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
		crl_schedule_failed(&s, now);
		assert_int_equal(crl_schedule_due(&s, now, &next), CRL_NOT_DUE);
		assert_int_equal(next, now + pauses[i]);
		now = next;
		assert_int_equal(crl_schedule_due(&s, now, &next), CRL_DUE_SCHEDULED);
	}
	crl_schedule_made(&s, CRL_DUE_SCHEDULED, now);
	crl_schedule_failed(&s, now);
	assert_int_equal(crl_schedule_due(&s, now, &next), CRL_NOT_DUE);
	assert_int_equal(next, now + 5);
}

static void
a_clock_set_back_makes_a_new_one(void **state)
{
	struct crl_schedule s = made_at(T);
	int64_t next;

	(void)state;
	assert_int_equal(crl_schedule_due(&s, T - 1, &next), CRL_DUE_SCHEDULED);
	crl_schedule_changed(&s, T + 5000);
	crl_schedule_changed(&s, T + 100);
	assert_int_equal(crl_schedule_due(&s, T + 101, &next), CRL_DUE_CHANGED);
	crl_schedule_failed(&s, T + 5000);
	assert_int_equal(crl_schedule_due(&s, T + 101, &next), CRL_DUE_CHANGED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_is_due_at_once),
		cmocka_unit_test(then_one_is_due_each_day_long_before_the_last_one_ends),
		cmocka_unit_test(
		    a_burst_of_revocations_is_one_crl_a_second_after_its_first),
		cmocka_unit_test(failures_are_retried_after_pauses_that_grow),
		cmocka_unit_test(a_clock_set_back_makes_a_new_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
