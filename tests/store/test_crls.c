/* test_crls.c - the last CRL of each kind, and numbers that only rise. */
#include "store/crls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/store/fixture.h"

static struct crl_row
a_crl(int shard, int64_t number, int64_t this_update)
{
	static const unsigned char der[] = { 0x30, 0x00 };

	return (struct crl_row){
		.shard = shard,
		.number = number,
		.last_change = number * 10,
		.this_update = this_update,
		.next_update = this_update + 100,
		.crl = { .data = der, .len = sizeof(der) },
	};
}

static int
record(struct fixture *fixture, struct crl_row crl, bool is_base, struct error *err)
{
	return store_crls_record(
	    fixture->store, "internal", &crl, 1, is_base, &an_event, err);
}

struct numbers {
	int64_t highest;
	struct crl_base last, oldest;
};

static struct numbers
numbers_at(struct fixture *fixture, int64_t now)
{
	struct numbers n;

	assert_int_equal(store_crl_numbers(fixture->store, "internal", now, &n.highest,
			     &n.last, &n.oldest, NULL),
	    0);
	return n;
}

static int
describe(void *ctx, const struct crl_row *row)
{
	char *text = ctx;

	assert_int_equal(row->crl.len, 2);
	snprintf(text + strlen(text), 64, "%d%s:%lld ", row->shard,
	    row->is_delta ? "d" : "", (long long)row->number);
	return 0;
}

static void
keeps_the_last_of_each_kind_over_a_restart(void **state)
{
	struct fixture *fixture = *state;
	struct crl_row rows[] = { a_crl(CRL_OF_ALL, 3, 1000), a_crl(CRL_OF_ALL, 3, 1000),
		a_crl(0, 3, 1000) };
	char text[128] = "";

	rows[1].is_delta = true;
	assert_int_equal(record(fixture, a_crl(CRL_OF_ALL, 2, 900), true, NULL), 0);
	assert_int_equal(
	    store_crls_record(fixture->store, "internal", rows, 3, true, &an_event, NULL),
	    0);
	fixture_reopen(fixture);
	assert_int_equal(
	    store_crl_each(fixture->store, "internal", describe, text, NULL), 0);
	assert_string_equal(text, "-1:3 -1d:3 0:3 ");
	assert_int_equal(numbers_at(fixture, 1000).highest, 3);
	assert_int_equal(numbers_at(fixture, 1000).last.number, 3);
}

static void
refuses_a_number_that_was_used(void **state)
{
	struct fixture *fixture = *state;
	struct error err = { 0 };
	int64_t entries;

	assert_int_equal(record(fixture, a_crl(CRL_OF_ALL, 2, 900), true, NULL), 0);
	assert_int_equal(record(fixture, a_crl(0, 2, 900), false, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	assert_int_equal(record(fixture, a_crl(0, 1, 900), false, &err), -1);
	assert_int_equal(store_audit_verify(fixture->store, &entries, NULL), 0);
	assert_int_equal(entries, 1);
}

static void
knows_the_bases_that_somebody_may_go_by(void **state)
{
	struct fixture *fixture = *state;
	struct numbers n = numbers_at(fixture, 1000);

	assert_int_equal(n.highest, 0);
	assert_int_equal(n.last.number, 0);
	assert_int_equal(n.oldest.number, 0);
	assert_int_equal(record(fixture, a_crl(CRL_OF_ALL, 1, 1000), true, NULL), 0);
	assert_int_equal(record(fixture, a_crl(CRL_OF_ALL, 2, 1010), false, NULL), 0);
	assert_int_equal(record(fixture, a_crl(CRL_OF_ALL, 3, 1050), true, NULL), 0);
	n = numbers_at(fixture, 1099);
	assert_int_equal(n.highest, 3);
	assert_int_equal(n.last.number, 3);
	assert_int_equal(n.oldest.number, 1);
	assert_int_equal(n.oldest.last_change, 10);
	n = numbers_at(fixture, 1100);
	assert_int_equal(n.oldest.number, 3);
	/* The first is forgotten with the next that is written. */
	assert_int_equal(record(fixture, a_crl(CRL_OF_ALL, 4, 1120), true, NULL), 0);
	assert_int_equal(numbers_at(fixture, 1000).oldest.number, 3);
}

#define STORE_TEST(name)                                                                 \
	cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(keeps_the_last_of_each_kind_over_a_restart),
		STORE_TEST(refuses_a_number_that_was_used),
		STORE_TEST(knows_the_bases_that_somebody_may_go_by),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
