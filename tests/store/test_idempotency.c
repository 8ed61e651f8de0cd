/* test_idempotency.c - one certificate for a key, whatever happens in between. */
#include "store/idempotency.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "store/certificate_copy.h"
#include "tests/store/fixture.h"

static const struct idempotency entry = { "uid:1000", "k1", { 1 } };
static const struct idempotency other_request = { "uid:1000", "k1", { 2 } };
static const struct idempotency other_requester = { "uid:7", "k1", { 2 } };

static enum idempotency_state
begin(struct fixture *f, const struct idempotency *e, char serial[STORE_SERIAL_SIZE])
{
	enum idempotency_state state = IDEMPOTENCY_OTHER;

	assert_int_equal(store_idempotency_begin(f->store, e, &state, serial, NULL), 0);
	return state;
}

static void
assert_state(
    struct fixture *f, const struct idempotency *e, enum idempotency_state expected)
{
	char serial[STORE_SERIAL_SIZE];

	assert_int_equal(begin(f, e, serial), expected);
}

static void
assert_begin_fails(struct fixture *f, const struct idempotency *e)
{
	enum idempotency_state state;
	char serial[STORE_SERIAL_SIZE];

	assert_int_equal(store_idempotency_begin(f->store, e, &state, serial, NULL), -1);
}

static void
put_with_key(struct fixture *f, const char *serial)
{
	struct certificate_row row = a_certificate(serial);

	row.idempotency_key = entry.key;
	put_certificate(f->store, &row);
}

static void
gives_what_was_recorded_under_the_key(void **state)
{
	char serial[STORE_SERIAL_SIZE];
	struct fixture *f = *state;

	assert_state(f, &entry, IDEMPOTENCY_NEW);
	put_with_key(f, "0a");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(begin(f, &entry, serial), IDEMPOTENCY_DONE);
		assert_string_equal(serial, "0a");
		fixture_reopen(f);
	}
}

static void
knows_an_open_request_and_another_one(void **state)
{
	struct fixture *f = *state;

	assert_state(f, &entry, IDEMPOTENCY_NEW);
	assert_state(f, &entry, IDEMPOTENCY_IN_FLIGHT);
	assert_state(f, &other_request, IDEMPOTENCY_OTHER);
	put_with_key(f, "0a");
	assert_state(f, &other_request, IDEMPOTENCY_OTHER);
}

static void
keeps_requesters_apart(void **state)
{
	struct fixture *f = *state;

	assert_state(f, &entry, IDEMPOTENCY_NEW);
	assert_state(f, &other_requester, IDEMPOTENCY_NEW);
}

static void
forgets_a_request_that_failed(void **state)
{
	struct fixture *f = *state;

	assert_state(f, &entry, IDEMPOTENCY_NEW);
	assert_int_equal(store_idempotency_abandon(f->store, &entry, NULL), 0);
	assert_state(f, &other_request, IDEMPOTENCY_NEW);
}

/* As on a full disk: neither the end of the request nor its beginning can be written. */
static void
one_that_could_not_be_forgotten_is_in_nobodys_way(void **state)
{
	struct fixture *f = *state;

	assert_state(f, &entry, IDEMPOTENCY_NEW);
	fixture_sql(f, "CREATE TRIGGER full BEFORE DELETE ON idempotency BEGIN SELECT "
		       "RAISE(FAIL, 'full'); END");
	assert_int_equal(store_idempotency_abandon(f->store, &entry, NULL), -1);
	assert_state(f, &other_requester, IDEMPOTENCY_NEW);
	fixture_sql(f, "CREATE TRIGGER fuller BEFORE INSERT ON idempotency BEGIN SELECT "
		       "RAISE(FAIL, 'full'); END");
	assert_begin_fails(f, &entry);
	fixture_sql(f, "DROP TRIGGER full");
	fixture_sql(f, "DROP TRIGGER fuller");
	assert_state(f, &other_request, IDEMPOTENCY_NEW);
	assert_state(f, &other_request, IDEMPOTENCY_IN_FLIGHT);
	assert_state(f, &entry, IDEMPOTENCY_OTHER);
}

static void
does_not_forget_what_was_recorded(void **state)
{
	struct fixture *f = *state;

	assert_state(f, &entry, IDEMPOTENCY_NEW);
	put_with_key(f, "0a");
	assert_int_equal(store_idempotency_abandon(f->store, &entry, NULL), 0);
	assert_state(f, &entry, IDEMPOTENCY_DONE);
}

static void
is_open_no_more_after_a_crash(void **state)
{
	struct fixture *f = *state;

	assert_state(f, &entry, IDEMPOTENCY_NEW);
	fixture_reopen(f);
	assert_state(f, &entry, IDEMPOTENCY_NEW);
}

/* The entry and the certificate are there together, or neither is. */
static void
records_nothing_for_an_entry_that_is_gone(void **state)
{
	struct certificate_row row = a_certificate("0a");
	struct certificate_copy copy;
	struct fixture *f = *state;
	struct error err = { 0 };

	row.idempotency_key = entry.key;
	assert_int_equal(
	    store_certificate_reserve(f->store, row.serial, row.issuer, NULL), 0);
	assert_int_equal(store_certificate_record(f->store, &row, &an_event, &err), -1);
	assert_int_equal(store_certificate_copy(f->store, "0a", &copy, &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	certificate_copy_clear(&copy);
}

static void
forgets_after_a_day_and_not_before(void **state)
{
	char serial[STORE_SERIAL_SIZE];
	struct fixture *f = *state;

	assert_state(f, &entry, IDEMPOTENCY_NEW);
	put_with_key(f, "0a");
	fixture_sql(f, "UPDATE idempotency SET created = created - 86390");
	assert_int_equal(begin(f, &entry, serial), IDEMPOTENCY_DONE);
	fixture_sql(f, "UPDATE idempotency SET created = created - 20");
	assert_state(f, &other_request, IDEMPOTENCY_NEW);
}

static int64_t
entries(struct fixture *f)
{
	struct idempotency probe = entry;
	char key[16], serial[STORE_SERIAL_SIZE];
	int64_t n = 0;

	probe.key = key;
	for (int i = 0; i < 40; i++) {
		enum idempotency_state state = IDEMPOTENCY_NEW;

		snprintf(key, sizeof(key), "old-%d", i);
		assert_int_equal(
		    store_idempotency_begin(f->store, &probe, &state, serial, NULL), 0);
		n += state != IDEMPOTENCY_NEW;
		if (state == IDEMPOTENCY_NEW)
			store_idempotency_abandon(f->store, &probe, NULL);
	}
	return n;
}

/* Rows are made young again to be counted: what was swept does not come back. */
static void
sweeps_some_of_the_old_ones_with_each_new_one(void **state)
{
	struct fixture *f = *state;

	fixture_sql(f, "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n "
		       "WHERE i < 39) INSERT INTO idempotency SELECT 'uid:1000', "
		       "'old-' || i, x'0101010101010101010101010101010101010101"
		       "010101010101010101010101', 5, '0a' FROM n");
	assert_state(f, &entry, IDEMPOTENCY_NEW);
	fixture_sql(f, "UPDATE idempotency SET created = 4000000000");
	assert_int_equal(entries(f), 24);
}

#define STORE_TEST(name)                                                                 \
	cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(gives_what_was_recorded_under_the_key),
		STORE_TEST(knows_an_open_request_and_another_one),
		STORE_TEST(keeps_requesters_apart),
		STORE_TEST(forgets_a_request_that_failed),
		STORE_TEST(one_that_could_not_be_forgotten_is_in_nobodys_way),
		STORE_TEST(does_not_forget_what_was_recorded),
		STORE_TEST(is_open_no_more_after_a_crash),
		STORE_TEST(records_nothing_for_an_entry_that_is_gone),
		STORE_TEST(forgets_after_a_day_and_not_before),
		STORE_TEST(sweeps_some_of_the_old_ones_with_each_new_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
