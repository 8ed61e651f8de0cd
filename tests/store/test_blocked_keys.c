/* test_blocked_keys.c - keys that are put on the list, found there, and taken off. */
#include "store/blocked_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/store/fixture.h"

static bool
put(struct fixture *fixture, unsigned char hash, const char *reason, int64_t created)
{
	struct blocked_key_row row = { .spki_sha256 = { hash }, .created = created };
	bool added = false;

	snprintf(row.reason, sizeof(row.reason), "%s", reason);
	assert_int_equal(
	    store_blocked_key_put(fixture->store, &row, &an_event, &added, NULL), 0);
	return added;
}

static bool
find(struct fixture *fixture, unsigned char hash, struct blocked_key_row *row)
{
	const unsigned char spki_sha256[32] = { hash };
	bool found;

	assert_int_equal(
	    store_blocked_key_find(fixture->store, spki_sha256, row, &found, NULL), 0);
	return found;
}

static int
list(void *ctx, const struct blocked_key_row *row)
{
	char *text = ctx;
	size_t len = strlen(text);

	snprintf(text + len, 64 - len, "%d ", row->spki_sha256[0]);
	return 0;
}

static int
count_entry(void *ctx, const struct audit_row *row)
{
	(void)row;
	++*(int *)ctx;
	return 0;
}

static int
entries(struct fixture *fixture)
{
	int count = 0;

	assert_int_equal(
	    store_audit_each(fixture->store, 0, 100, count_entry, &count, NULL), 0);
	return count;
}

static void
keeps_a_key_with_its_reason(void **state)
{
	struct blocked_key_row row;

	assert_false(find(*state, 7, &row));
	assert_true(put(*state, 7, "leaked", 1700000000));
	fixture_reopen(*state);
	assert_true(find(*state, 7, &row));
	assert_int_equal(row.spki_sha256[0], 7);
	assert_string_equal(row.reason, "leaked");
	assert_int_equal(row.created, 1700000000);
	assert_false(find(*state, 8, &row));
	assert_int_equal(entries(*state), 1);
}

static void
gives_a_key_that_is_there_a_new_reason(void **state)
{
	struct blocked_key_row row;

	assert_true(put(*state, 7, "leaked", 1700000000));
	assert_false(put(*state, 7, "seen in a commit", 1800000000));
	assert_true(find(*state, 7, &row));
	assert_string_equal(row.reason, "seen in a commit");
	assert_int_equal(row.created, 1700000000);
	assert_int_equal(entries(*state), 2);
}

static void
takes_a_key_off_once(void **state)
{
	struct fixture *fixture = *state;
	const unsigned char hash[32] = { 7 };
	struct blocked_key_row row;
	struct error err = { 0 };

	put(fixture, 7, "leaked", 1);
	assert_int_equal(
	    store_blocked_key_remove(fixture->store, hash, &an_event, &err), 0);
	assert_false(find(fixture, 7, &row));
	assert_int_equal(
	    store_blocked_key_remove(fixture->store, hash, &an_event, &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	assert_int_equal(entries(fixture), 2);
}

static void
lists_them_in_pages_by_hash(void **state)
{
	struct fixture *fixture = *state;
	const unsigned char third[32] = { 3 };
	char text[64] = "";

	for (unsigned char hash = 5; hash > 0; hash--)
		put(fixture, hash, "leaked", 1);
	assert_int_equal(
	    store_blocked_key_each(fixture->store, NULL, 3, list, text, NULL), 0);
	assert_string_equal(text, "1 2 3 ");
	assert_int_equal(
	    store_blocked_key_each(fixture->store, third, 3, list, text, NULL), 0);
	assert_string_equal(text, "1 2 3 4 5 ");
}

#define STORE_TEST(name)                                                                 \
	cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(keeps_a_key_with_its_reason),
		STORE_TEST(gives_a_key_that_is_there_a_new_reason),
		STORE_TEST(takes_a_key_off_once),
		STORE_TEST(lists_them_in_pages_by_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
