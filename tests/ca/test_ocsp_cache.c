/* test_ocsp_cache.c - which answers are given again, and which are not. */
#include "ca/ocsp_cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define MAX_BYTES 10000

static int
setup(void **state)
{
	return ocsp_cache_new(MAX_BYTES, (struct ocsp_cache **)state, NULL);
}

static int
teardown(void **state)
{
	ocsp_cache_free(*state);
	return 0;
}

static const struct ocsp_cache_times times = { 1000, 3000, 2000 };

static struct ocsp_cache_key
key_of(int number)
{
	struct ocsp_cache_key key = { .issuer = "internal", .hash = 64 };

	snprintf(key.serial, sizeof(key.serial), "%02x", number);
	return key;
}

static void
add(struct ocsp_cache *cache, const struct ocsp_cache_key *key, const char *text,
    size_t len)
{
	ocsp_cache_add(
	    cache, key, (struct bytes){ (const unsigned char *)text, len }, &times);
}

static bool
finds(struct ocsp_cache *cache, const struct ocsp_cache_key *key, int64_t now,
    const char *text)
{
	struct ocsp_cache_times got;
	struct buffer der;
	bool found;

	buf_init(&der, 0);
	found = ocsp_cache_find(cache, key, now, &der, &got);
	if (found) {
		assert_string_equal(buf_string(&der), text);
		assert_int_equal(got.next_update, times.next_update);
	}
	buf_free(&der);
	return found;
}

static void
finds_what_was_added_while_it_is_fresh(void **state)
{
	struct ocsp_cache_key key = key_of(1), other = key_of(2);

	add(*state, &key, "answer", 6);
	assert_true(finds(*state, &key, 1000, "answer"));
	assert_true(finds(*state, &key, 1999, "answer"));
	assert_false(finds(*state, &key, 2000, ""));
	/* by a clock that was set back it is from the future */
	assert_false(finds(*state, &key, 999, ""));
	assert_false(finds(*state, &other, 1000, ""));
}

static void
finds_nothing_for_another_status(void **state)
{
	struct ocsp_cache_key key = key_of(1), other;

	add(*state, &key, "good", 4);
	other = key;
	other.is_revoked = true;
	assert_false(finds(*state, &other, 1500, ""));
	other = key;
	other.reason = 1;
	assert_false(finds(*state, &other, 1500, ""));
	other = key;
	other.revoked_at = 1;
	assert_false(finds(*state, &other, 1500, ""));
	other = key;
	other.hash = 672;
	assert_false(finds(*state, &other, 1500, ""));
	other = key;
	other.issuer[0] = 'x';
	assert_false(finds(*state, &other, 1500, ""));
}

static void
keeps_the_newer_of_two(void **state)
{
	struct ocsp_cache_key key = key_of(1);

	add(*state, &key, "first", 5);
	add(*state, &key, "second", 6);
	assert_true(finds(*state, &key, 1500, "second"));
}

static void
forgets_what_was_asked_for_least_recently(void **state)
{
	static const char text[1000] = "answer";
	struct ocsp_cache_key key, first = key_of(0);
	int kept = 0;

	for (int i = 0; i < 100; i++) {
		key = key_of(i);
		add(*state, &key, text, sizeof(text));
		assert_true(finds(*state, &first, 1500, "answer"));
	}
	for (int i = 1; i < 100; i++) {
		key = key_of(i);
		kept += finds(*state, &key, 1500, "answer");
	}
	/* What fits: the first, and the last few. */
	assert_in_range(kept, 5, 8);
	assert_true(finds(*state, &key, 1500, "answer"));
}

static void
keeps_nothing_larger_than_itself(void **state)
{
	static const char text[MAX_BYTES] = "answer";
	struct ocsp_cache_key key = key_of(1);

	add(*state, &key, text, sizeof(text));
	assert_false(finds(*state, &key, 1500, ""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    finds_what_was_added_while_it_is_fresh, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    finds_nothing_for_another_status, setup, teardown),
		cmocka_unit_test_setup_teardown(keeps_the_newer_of_two, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    forgets_what_was_asked_for_least_recently, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    keeps_nothing_larger_than_itself, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
