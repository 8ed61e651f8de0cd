/* test_serials.c - given out once, and only what the store has reserved. */
#include "ca/serials.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/text.h"
#include "store/store.h"
#include "tests/ca/support.h"

#define THREADS 4
#define EACH    40 /* beyond one filling, all together */

struct scene {
	struct house *house;
	struct serials serials;
};

static int
open_scene(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	void *house = NULL;

	if (scene == NULL || house_setup(&house) != 0)
		return -1;
	scene->house = house;
	serials_init(&scene->serials, NULL, scene->house->store);
	*state = scene;
	return 0;
}

static int
close_scene(void **state)
{
	struct scene *scene = *state;
	void *house = scene->house;

	free(scene);
	return house_teardown(&house);
}

static bool
is_reserved(struct scene *scene, const unsigned char serial[static SERIAL_BYTES])
{
	char text[STORE_SERIAL_SIZE];
	struct error err = { 0 };
	int rc;

	hex_encode(text, serial, SERIAL_BYTES);
	rc = store_certificate_reserve(scene->house->store, text, "internal", &err);
	assert_true(rc == 0 || err.code == ERROR_CONFLICT);
	return rc != 0;
}

static int
count_reservations(struct scene *scene)
{
	sqlite3_stmt *st = NULL;
	sqlite3 *db = NULL;
	int count;

	assert_int_equal(sqlite3_open(scene->house->path, &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_prepare_v2(db, "SELECT count(*) FROM reservations", -1, &st, NULL),
	    SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	count = sqlite3_column_int(st, 0);
	sqlite3_finalize(st);
	sqlite3_close(db);
	return count;
}

static void
gives_out_what_is_reserved_and_the_rest_back(void **state)
{
	struct scene *scene = *state;
	unsigned char taken[SERIAL_BYTES];
	int before = count_reservations(scene);

	assert_int_equal(serials_take(&scene->serials, "internal", taken, NULL), 0);
	assert_int_equal(count_reservations(scene), before + SERIALS_AT_ONCE);
	assert_true(is_reserved(scene, taken));
	assert_int_equal(taken[0] & 0xc0, 0x40);
	serials_clear(&scene->serials);
	assert_int_equal(count_reservations(scene), before + 1);
	assert_true(is_reserved(scene, taken));
}

static void
keeps_one_issuers_from_anothers(void **state)
{
	struct scene *scene = *state;
	unsigned char a[SERIAL_BYTES], b[SERIAL_BYTES];
	struct certificate_row row = { .issuer = "root", .profile = "x", .names = "" };
	struct audit_event event = { .actor = "a", .action = "b", .object = "c" };
	struct error err = { 0 };

	assert_int_equal(serials_take(&scene->serials, "internal", a, NULL), 0);
	assert_int_equal(serials_take(&scene->serials, "root", b, NULL), 0);
	hex_encode(row.serial, a, SERIAL_BYTES);
	assert_int_equal(
	    store_certificate_record(scene->house->store, &row, &event, &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	hex_encode(row.serial, b, SERIAL_BYTES);
	assert_int_equal(
	    store_certificate_record(scene->house->store, &row, &event, &err), 0);
	serials_clear(&scene->serials);
}

struct taker {
	pthread_t thread;
	struct serials *serials;
	unsigned char taken[EACH][SERIAL_BYTES];
};

static void *
take_each(void *arg)
{
	struct taker *taker = arg;

	for (int i = 0; i < EACH; i++)
		if (serials_take(taker->serials, "internal", taker->taken[i], NULL) != 0)
			return taker;
	return NULL;
}

static int
compare(const void *a, const void *b)
{
	return memcmp(a, b, SERIAL_BYTES);
}

static void
gives_none_to_two_threads(void **state)
{
	static struct taker takers[THREADS];
	static unsigned char all[THREADS * EACH][SERIAL_BYTES];
	struct scene *scene = *state;

	for (int i = 0; i < THREADS; i++) {
		takers[i].serials = &scene->serials;
		pthread_create(&takers[i].thread, NULL, take_each, &takers[i]);
	}
	for (int i = 0; i < THREADS; i++) {
		void *failed = NULL;

		pthread_join(takers[i].thread, &failed);
		assert_null(failed);
		memcpy(all[(size_t)i * EACH], takers[i].taken, sizeof(takers[i].taken));
	}
	qsort(all, (size_t)THREADS * EACH, SERIAL_BYTES, compare);
	for (size_t i = 0; i < (size_t)THREADS * EACH; i++) {
		assert_true(is_reserved(scene, all[i]));
		assert_true(i == 0 || compare(all[i - 1], all[i]) != 0);
	}
	serials_clear(&scene->serials);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_scene, close_scene)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(gives_out_what_is_reserved_and_the_rest_back),
		TEST(keeps_one_issuers_from_anothers),
		TEST(gives_none_to_two_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
