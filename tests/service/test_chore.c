/* test_chore.c - what is due is done, in the time of the world or of a rehearsal. */
#include "service/chore.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"

struct work {
	atomic_int runs;
	int64_t pause_s;
};

static int64_t
run(void *ctx, int64_t now)
{
	struct work *work = ctx;

	atomic_fetch_add(&work->runs, 1);
	return now + work->pause_s;
}

static struct chore *
start(struct work *work)
{
	struct chore *chore = NULL;
	struct error err;

	assert_int_equal(chore_start(run, work, "test", &chore, &err), 0);
	return chore;
}

/* Until it has run so often, at most ten seconds. */
static int
runs_after(struct work *work, int wanted)
{
	const struct timespec moment = { .tv_nsec = 5 * 1000 * 1000 };

	for (int i = 0; i < 2000 && atomic_load(&work->runs) < wanted; i++)
		nanosleep(&moment, NULL);
	return atomic_load(&work->runs);
}

static void
runs_at_once_and_then_waits(void **state)
{
	struct work work = { .pause_s = 3600 };
	struct chore *chore = start(&work);

	(void)state;
	assert_int_equal(runs_after(&work, 1), 1);
	chore_stop(chore);
	assert_int_equal(atomic_load(&work.runs), 1);
}

static void
runs_when_it_is_woken(void **state)
{
	struct work work = { .pause_s = 3600 };
	struct chore *chore = start(&work);

	(void)state;
	assert_int_equal(runs_after(&work, 1), 1);
	chore_wake(chore);
	assert_int_equal(runs_after(&work, 2), 2);
	chore_stop(chore);
}

/* The last: the clock of this process stays as it leaves it. */
static void
runs_each_day_of_a_rehearsal(void **state)
{
	struct work work = { .pause_s = 86400 };
	int64_t begin, end;
	struct chore *chore;

	(void)state;
	clock_rehearse(1000000, clock_now_s());
	begin = clock_now_s();
	chore = start(&work);
	assert_true(runs_after(&work, 5) >= 5);
	end = clock_now_s();
	chore_stop(chore);
	assert_true(end - begin >= 4 * 86400);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_at_once_and_then_waits),
		cmocka_unit_test(runs_when_it_is_woken),
		cmocka_unit_test(runs_each_day_of_a_rehearsal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
