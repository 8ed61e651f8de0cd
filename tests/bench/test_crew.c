/* test_crew.c - what is counted, and how a run ends. */
#include "bench/crew.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

struct work {
	atomic_uint started, stopped, steps;
	unsigned fail_start, fail_step; /* the first that fails; 0: none */
};

static int
start(void *ctx, unsigned thread, void **state, struct error *err)
{
	struct work *work = ctx;

	(void)thread;
	*state = work;
	if (atomic_fetch_add(&work->started, 1) + 1 == work->fail_start)
		return error_set(err, ERROR_IO, "cannot start");
	return 0;
}

/* A millisecond's work. */
static int
step(void *state, struct crew_tally *tally, struct error *err)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	struct work *work = state;

	nanosleep(&pause, NULL);
	if (atomic_fetch_add(&work->steps, 1) + 1 == work->fail_step)
		return error_set(err, ERROR_IO, "cannot go on");
	histogram_add(&tally->latency, 1000000);
	return 0;
}

static void
stop(void *state)
{
	struct work *work = state;

	atomic_fetch_add(&work->stopped, 1);
}

static int
run(struct work *work, const struct crew_options *options, struct crew_result *result,
    struct error *err)
{
	const struct crew_job job = { work, start, step, stop };
	int rc = crew_run(options, &job, result, err);

	assert_int_equal(work->started, options->threads);
	assert_int_equal(work->stopped, options->threads);
	return rc;
}

static void
adds_up_what_the_threads_did(void **state)
{
	const struct crew_options options = { .threads = 4, .seconds = 1 };
	struct crew_result result;
	struct work work = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(run(&work, &options, &result, &err), 0);
	assert_in_range(result.total.latency.count, 4, work.steps);
	assert_true(result.seconds >= 1);
}

static void
the_warm_up_is_not_counted(void **state)
{
	const struct crew_options options = {
		.threads = 1, .warmup_s = 1, .seconds = 0.01
	};
	struct crew_result result;
	struct work work = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(run(&work, &options, &result, &err), 0);
	/* However long it took on a busy machine to say that the run is over. */
	assert_true(result.total.latency.count + 10 <= work.steps);
}

static void
a_failed_step_ends_all_with_its_reason(void **state)
{
	const struct crew_options options = {
		.threads = 3, .warmup_s = 600, .seconds = 600
	};
	struct crew_result result;
	struct work work = { .fail_step = 20 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(run(&work, &options, &result, &err), -1);
	assert_string_equal(err.text, "cannot go on");
}

static void
a_failed_start_ends_all_with_its_reason(void **state)
{
	const struct crew_options options = { .threads = 3, .seconds = 600 };
	struct crew_result result;
	struct work work = { .fail_start = 2 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(run(&work, &options, &result, &err), -1);
	assert_string_equal(err.text, "cannot start");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adds_up_what_the_threads_did),
		cmocka_unit_test(the_warm_up_is_not_counted),
		cmocka_unit_test(a_failed_step_ends_all_with_its_reason),
		cmocka_unit_test(a_failed_start_ends_all_with_its_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
