/* test_request_id.c - no two requests have one id. */
#include "service/request_id.h"

#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define THREADS 4
#define EACH    2000

static struct request_ids
make_ids(void)
{
	struct request_ids ids;

	assert_int_equal(request_ids_init(&ids, NULL), 0);
	return ids;
}

static void
is_of_the_start_and_a_count(void **state)
{
	struct request_ids ids = make_ids();
	char id[REQUEST_ID_SIZE];

	(void)state;
	assert_int_equal(strspn(ids.start, "0123456789abcdef"), 8);
	assert_int_equal(strlen(ids.start), 8);
	assert_ptr_equal(request_id_next(&ids, id), id);
	assert_memory_equal(id, ids.start, 8);
	assert_string_equal(id + 8, "-1");
	for (int i = 2; i <= 0x1c4; i++)
		request_id_next(&ids, id);
	assert_string_equal(id + 8, "-1c4");
}

static void
is_another_after_each_start(void **state)
{
	struct request_ids a = make_ids(), b = make_ids();

	(void)state;
	assert_string_not_equal(a.start, b.start);
}

static void
has_room_for_any_count(void **state)
{
	struct request_ids ids = make_ids();
	char id[REQUEST_ID_SIZE];

	(void)state;
	atomic_store(&ids.count, ULLONG_MAX - 1);
	request_id_next(&ids, id);
	assert_string_equal(id + 8, "-ffffffffffffffff");
}

struct taker {
	struct request_ids *ids;
	char got[EACH][REQUEST_ID_SIZE];
};

static void *
take_many(void *arg)
{
	struct taker *taker = arg;

	for (int i = 0; i < EACH; i++)
		request_id_next(taker->ids, taker->got[i]);
	return NULL;
}

static void
is_given_once_however_many_ask(void **state)
{
	struct request_ids ids = make_ids();
	struct taker *takers = calloc(THREADS, sizeof(*takers));
	bool *seen = calloc(THREADS * EACH + 1, sizeof(*seen));
	pthread_t threads[THREADS];

	(void)state;
	assert_non_null(takers);
	assert_non_null(seen);
	for (int i = 0; i < THREADS; i++) {
		takers[i].ids = &ids;
		assert_int_equal(
		    pthread_create(&threads[i], NULL, take_many, &takers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		for (int j = 0; j < EACH; j++) {
			unsigned long n = strtoul(takers[i].got[j] + 9, NULL, 16);

			assert_in_range(n, 1, THREADS * EACH);
			assert_false(seen[n]);
			seen[n] = true;
		}
	}
	free(seen);
	free(takers);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_of_the_start_and_a_count),
		cmocka_unit_test(is_another_after_each_start),
		cmocka_unit_test(has_room_for_any_count),
		cmocka_unit_test(is_given_once_however_many_ask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
