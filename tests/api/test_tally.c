/* test_tally.c - counts that threads make without a lock. */
#include "api/tally.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define THREADS 8
#define ROUNDS  20000

struct sum {
	const char *actor;
	size_t entries;
	unsigned long long count;
};

static int
add_up(void *ctx, struct tally_entry *entry)
{
	struct sum *sum = ctx;

	if (sum->actor != NULL && strcmp(sum->actor, entry->actor) != 0)
		return 0;
	sum->entries++;
	sum->count += atomic_load(&entry->count);
	return 0;
}

static struct sum
sum_of(struct tally *tally, const char *actor)
{
	struct sum sum = { .actor = actor };

	tally_each(tally, add_up, &sum);
	return sum;
}

static struct tally *
new_tally(void)
{
	struct tally *tally;

	assert_int_equal(tally_new(&tally, NULL), 0);
	return tally;
}

static void
counts_by_actor_key_scheme_and_outcome(void **state)
{
	struct tally *tally = new_tally();

	(void)state;
	tally_add(tally, "uid:33", "web", "ed25519", OUTCOME_OK);
	tally_add(tally, "uid:33", "web", "ed25519", OUTCOME_OK);
	tally_add(tally, "uid:33", "web", "ed25519", OUTCOME_FAILED);
	tally_add(tally, "uid:33", "api", "ed25519", OUTCOME_OK);
	tally_add(tally, "uid:33", "web", "rsa_pss_rsae_sha256", OUTCOME_OK);
	tally_add(tally, "uid:34", "web", "ed25519", OUTCOME_OK);
	assert_int_equal(sum_of(tally, NULL).entries, 5);
	assert_int_equal(sum_of(tally, NULL).count, 6);
	assert_int_equal(sum_of(tally, "uid:33").entries, 4);
	assert_int_equal(sum_of(tally, "uid:33").count, 5);
	tally_free(tally);
}

static void *
count(void *ctx)
{
	static const char *const keys[] = { "a", "b", "c", "d", "e", "f", "g" };

	for (size_t i = 0; i < ROUNDS; i++)
		tally_add(ctx, "uid:0", keys[i % 7], "ed25519", OUTCOME_OK);
	return NULL;
}

static void
loses_no_count_between_threads(void **state)
{
	struct tally *tally = new_tally();
	pthread_t threads[THREADS];

	(void)state;
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, count, tally), 0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(sum_of(tally, NULL).entries, 7);
	assert_int_equal(sum_of(tally, NULL).count, THREADS * ROUNDS);
	tally_free(tally);
}

static void
counts_among_the_others_what_does_not_fit(void **state)
{
	struct tally *tally = new_tally();
	char actor[32];

	(void)state;
	for (int i = 0; i < TALLY_ENTRIES_MAX + 100; i++) {
		snprintf(actor, sizeof(actor), "uid:%d", i);
		tally_add(tally, actor, "web", "ed25519", OUTCOME_OK);
	}
	assert_int_equal(sum_of(tally, NULL).count, TALLY_ENTRIES_MAX + 100);
	assert_true(sum_of(tally, NULL).entries <= TALLY_ENTRIES_MAX + 1);
	assert_true(sum_of(tally, TALLY_OTHERS).count >= 100);
	assert_int_equal(sum_of(tally, "uid:1").count, 1);
	tally_free(tally);
}

static void
counts_among_the_others_who_has_too_long_a_name(void **state)
{
	struct tally *tally = new_tally();
	char actor[TALLY_ACTOR_SIZE + 1];

	(void)state;
	memset(actor, 'a', sizeof(actor));
	actor[TALLY_ACTOR_SIZE] = '\0';
	tally_add(tally, actor, "web", "ed25519", OUTCOME_REFUSED);
	assert_int_equal(sum_of(tally, TALLY_OTHERS).count, 1);
	assert_int_equal(sum_of(tally, NULL).entries, 1);
	tally_free(tally);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_by_actor_key_scheme_and_outcome),
		cmocka_unit_test(loses_no_count_between_threads),
		cmocka_unit_test(counts_among_the_others_what_does_not_fit),
		cmocka_unit_test(counts_among_the_others_who_has_too_long_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
