/* test_cap.c - rates and numbers at a time, by a clock of the test's. */
#include "api/cap.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define NOW     INT64_C(7000000000000)
#define SECOND  INT64_C(1000000000)
#define THREADS 8

static struct cap *
make(unsigned rate, unsigned period_s, unsigned concurrent)
{
	const struct cap_terms terms = { rate, period_s, concurrent };
	struct cap *cap;

	assert_int_equal(cap_new(&terms, &cap, NULL), 0);
	return cap;
}

/* How many of count that come at once are granted, and ended at once. */
static int
ask(struct cap *cap, const char *actor, int count, int64_t now)
{
	struct cap_claim claim;
	int granted = 0;

	for (int i = 0; i < count; i++)
		if (cap_grant(cap, actor, now, &claim)) {
			granted++;
			cap_release(&claim);
		}
	return granted;
}

static void
grants_as_many_at_once_as_the_rate_says(void **state)
{
	struct cap *cap = make(100, 1, 0);

	(void)state;
	assert_int_equal(ask(cap, "uid:33", 500, NOW), 100);
	assert_int_equal(ask(cap, "uid:33", 1, NOW + SECOND / 100 - 1), 0);
	assert_int_equal(ask(cap, "uid:33", 2, NOW + SECOND / 100), 1);
	assert_int_equal(ask(cap, "uid:33", 500, NOW + SECOND / 2), 49);
	assert_int_equal(ask(cap, "uid:33", 500, NOW + 10 * SECOND), 100);
	cap_free(cap);
}

static void
grants_no_more_than_the_rate_over_time(void **state)
{
	struct cap *cap = make(60, 60, 0);
	int granted = 0;

	(void)state;
	for (int i = 0; i < 10 * 3600; i++)
		granted += ask(cap, "uid:33", 1, NOW + i * SECOND / 10);
	assert_in_range(granted, 60 + 3599, 60 + 3600);
	cap_free(cap);
}

static void
says_when_to_come_back(void **state)
{
	struct cap *cap = make(2, 3600, 0);
	struct cap_claim claim;

	(void)state;
	assert_int_equal(ask(cap, "uid:33", 2, NOW), 2);
	assert_false(cap_grant(cap, "uid:33", NOW, &claim));
	assert_int_equal(claim.retry_after_s, 1800);
	assert_false(cap_grant(cap, "uid:33", NOW + 1799 * SECOND + 1, &claim));
	assert_int_equal(claim.retry_after_s, 1);
	assert_true(cap_grant(cap, "uid:33", NOW + 1800 * SECOND, &claim));
	cap_free(cap);
}

static void
is_news_once_a_minute(void **state)
{
	struct cap *cap = make(1, 3600, 0);
	struct cap_claim claim;

	(void)state;
	assert_int_equal(ask(cap, "uid:33", 1, NOW), 1);
	assert_false(cap_grant(cap, "uid:33", NOW, &claim));
	assert_true(claim.is_news);
	assert_false(cap_grant(cap, "uid:33", NOW + 59 * SECOND, &claim));
	assert_false(claim.is_news);
	assert_false(cap_grant(cap, "uid:33", NOW + 60 * SECOND, &claim));
	assert_true(claim.is_news);
	cap_free(cap);
}

static void
counts_each_peer_alone(void **state)
{
	struct cap *cap = make(10, 1, 0);

	(void)state;
	assert_int_equal(ask(cap, "uid:33", 20, NOW), 10);
	assert_int_equal(ask(cap, "uid:34", 20, NOW), 10);
	assert_int_equal(ask(cap, "token:deploy", 20, NOW), 10);
	assert_int_equal(ask(cap, "uid:33", 20, NOW), 0);
	cap_free(cap);
}

static void
holds_so_many_at_a_time(void **state)
{
	struct cap *cap = make(0, 1, 3);
	struct cap_claim claims[3], other;

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_true(cap_grant(cap, "uid:33", NOW, &claims[i]));
	assert_false(cap_grant(cap, "uid:33", NOW, &other));
	assert_int_equal(other.retry_after_s, 1);
	cap_release(&other);
	assert_false(cap_grant(cap, "uid:33", NOW, &other));
	assert_true(cap_grant(cap, "uid:34", NOW, &other));
	cap_release(&claims[1]);
	cap_release(&claims[1]);
	assert_true(cap_grant(cap, "uid:33", NOW, &claims[1]));
	assert_false(cap_grant(cap, "uid:33", NOW, &other));
	assert_int_equal(ask(cap, "uid:35", 1000, NOW), 1000);
	cap_free(cap);
}

static void
keeps_no_place_for_what_the_rate_refuses(void **state)
{
	struct cap *cap = make(1, 1, 2);
	struct cap_claim claim;

	(void)state;
	assert_int_equal(ask(cap, "uid:33", 100, NOW), 1);
	assert_true(cap_grant(cap, "uid:33", NOW + SECOND, &claim));
	assert_true(cap_grant(cap, "uid:33", NOW + 2 * SECOND, &claim));
	assert_false(cap_grant(cap, "uid:33", NOW + 3 * SECOND, &claim));
	cap_free(cap);
}

static void
lets_peers_without_number_share_what_is_left(void **state)
{
	struct cap *cap = make(1, 3600, 0);
	int granted = 0;
	char actor[32];

	(void)state;
	for (int i = 0; i < 10 * CAP_PEERS; i++) {
		snprintf(actor, sizeof(actor), "uid:%d", i);
		granted += ask(cap, actor, 2, NOW);
	}
	assert_in_range(granted, CAP_PEERS / 2, CAP_PEERS + 1);
	assert_int_equal(ask(cap, "uid:0", 1, NOW), 0);
	cap_free(cap);
}

/* Who may ask once with CAP_PEERS places for many more. */
static void
fill(struct cap *cap, bool granted[static 10 * CAP_PEERS])
{
	char actor[32];

	for (int i = 0; i < 10 * CAP_PEERS; i++) {
		snprintf(actor, sizeof(actor), "uid:%d", i);
		granted[i] = ask(cap, actor, 1, NOW) == 1;
	}
}

static void
gives_others_a_place_each_time(void **state)
{
	static bool first[10 * CAP_PEERS], second[10 * CAP_PEERS];
	struct cap *a = make(1, 3600, 0), *b = make(1, 3600, 0);

	(void)state;
	fill(a, first);
	fill(b, second);
	assert_memory_not_equal(first, second, sizeof(first));
	cap_free(a);
	cap_free(b);
}

#define RATE     10000
#define REFUSED  1000     /* after the rate is used up */
#define ATTEMPTS 10000000 /* rather than for ever */

struct crowd {
	struct cap *cap;
	atomic_int granted, refused, inside, most;
};

static void *
push(void *arg)
{
	struct crowd *crowd = arg;
	struct cap_claim claim;

	for (int i = 0; i < ATTEMPTS && atomic_load(&crowd->refused) < REFUSED; i++) {
		int inside;

		if (!cap_grant(crowd->cap, "uid:33", NOW, &claim)) {
			if (atomic_load(&crowd->granted) == RATE)
				atomic_fetch_add(&crowd->refused, 1);
			sched_yield();
			continue;
		}
		atomic_fetch_add(&crowd->granted, 1);
		inside = atomic_fetch_add(&crowd->inside, 1) + 1;
		if (inside > atomic_load(&crowd->most))
			atomic_store(&crowd->most, inside);
		atomic_fetch_sub(&crowd->inside, 1);
		cap_release(&claim);
	}
	return NULL;
}

static void
holds_against_many_threads(void **state)
{
	struct crowd crowd = { .cap = make(RATE, 1, 3) };
	pthread_t threads[THREADS];

	(void)state;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, push, &crowd), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&crowd.granted), RATE);
	assert_in_range(atomic_load(&crowd.most), 1, 3);
	assert_int_equal(ask(crowd.cap, "uid:33", 5, NOW + SECOND), 5);
	cap_free(crowd.cap);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grants_as_many_at_once_as_the_rate_says),
		cmocka_unit_test(grants_no_more_than_the_rate_over_time),
		cmocka_unit_test(says_when_to_come_back),
		cmocka_unit_test(is_news_once_a_minute),
		cmocka_unit_test(counts_each_peer_alone),
		cmocka_unit_test(holds_so_many_at_a_time),
		cmocka_unit_test(keeps_no_place_for_what_the_rate_refuses),
		cmocka_unit_test(lets_peers_without_number_share_what_is_left),
		cmocka_unit_test(gives_others_a_place_each_time),
		cmocka_unit_test(holds_against_many_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
