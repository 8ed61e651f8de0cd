/* test_statistics.c - what is counted, and what is overdue. */
#include "store/statistics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/store/fixture.h"

#define NOW 1800000000
#define DAY INT64_C(86400)

struct seen {
	struct certificate_counts counts; /* but the issuer */
	int issuers;
	const char *wanted;
};

static void
see(void *ctx, const struct certificate_counts *counts)
{
	struct seen *seen = ctx;

	seen->issuers++;
	if (strcmp(counts->issuer, seen->wanted) == 0)
		seen->counts = *counts;
	seen->counts.issuer = NULL;
}

static struct seen
count(void **state, const char *issuer)
{
	const struct fixture *fixture = *state;
	struct seen seen = { .wanted = issuer };

	assert_int_equal(
	    store_certificate_counts(fixture->store, NOW, see, &seen, NULL), 0);
	return seen;
}

/* Of a life of so many days, with so many left. */
static void
put(void **state, const char *serial, const char *names, int64_t life, int64_t left)
{
	struct fixture *fixture = *state;
	struct certificate_row row = a_certificate(serial);

	row.names = names;
	row.not_after = NOW + left * DAY;
	row.not_before = row.not_after - life * DAY;
	put_certificate(fixture->store, &row);
}

static void
counts_nothing_in_an_empty_store(void **state)
{
	assert_int_equal(count(state, "internal").issuers, 0);
}

static void
counts_valid_certificates_by_issuer_and_by_what_is_left(void **state)
{
	struct fixture *fixture = *state;
	struct certificate_row other = a_certificate("06");
	struct seen seen;

	put(state, "01", "dns:a.example", 300, 200);
	put(state, "02", "dns:b.example", 300, 29);
	put(state, "03", "dns:c.example", 300, 6);
	put(state, "04", "dns:d.example", 300, 0);
	put(state, "05", "dns:e.example", 300, -1);
	put(state, "07", "dns:f.example", 300, 3);
	put_revocation(fixture->store, "07", 4);
	snprintf(other.issuer, sizeof(other.issuer), "other");
	other.not_after = NOW + 400 * DAY;
	put_certificate(fixture->store, &other);

	seen = count(state, "internal");
	assert_int_equal(seen.issuers, 2);
	assert_int_equal(seen.counts.valid, 4);
	assert_int_equal(seen.counts.within_1d, 1);
	assert_int_equal(seen.counts.within_7d, 2);
	assert_int_equal(seen.counts.within_30d, 3);
	seen = count(state, "other");
	assert_int_equal(seen.counts.valid, 1);
	assert_int_equal(seen.counts.within_30d, 0);
}

static void
overdue_is_what_has_less_than_a_sixth_of_its_life(void **state)
{
	put(state, "01", "dns:a.example", 90, 14);
	put(state, "02", "dns:b.example", 90, 16);
	put(state, "03", "dns:c.example", 6, 0);
	put(state, "04", "dns:d.example", 7, 2);
	assert_int_equal(count(state, "internal").counts.overdue, 2);
}

static void
overdue_is_nothing_with_more_than_30_days(void **state)
{
	put(state, "01", "dns:a.example", 3650, 31);
	assert_int_equal(count(state, "internal").counts.overdue, 0);
}

/* The successor has the first name, and may have others, a new key, another issuer. */
static void
not_overdue_is_what_has_a_successor(void **state)
{
	put(state, "01", "uri:spiffe://a.example/b dns:a.example", 90, 5);
	put(state, "02", "dns:b.example", 90, 5);
	put(state, "03", "ip:10.0.0.1", 90, 5);
	assert_int_equal(count(state, "internal").counts.overdue, 3);
	put(state, "04", "dns:z.example uri:spiffe://a.example/b", 90, 80);
	assert_int_equal(count(state, "internal").counts.overdue, 2);
	put(state, "05", "ip:10.0.0.1", 90, 80);
	assert_int_equal(count(state, "internal").counts.overdue, 1);
}

static void
overdue_is_what_has_a_successor_that_was_revoked_or_ends_sooner(void **state)
{
	struct fixture *fixture = *state;

	put(state, "01", "dns:a.example", 90, 5);
	put(state, "02", "dns:a.example", 90, 80);
	put_revocation(fixture->store, "02", 4);
	put(state, "03", "dns:b.example", 90, 5);
	put(state, "04", "dns:b.example", 10, 4);
	assert_int_equal(count(state, "internal").counts.overdue, 2);
}

/* The authority's own, which it renews itself. */
static void
not_overdue_is_what_has_no_names(void **state)
{
	put(state, "01", "", 90, 5);
	assert_int_equal(count(state, "internal").counts.overdue, 0);
}

static void
knows_entries_and_bytes_on_disk(void **state)
{
	struct fixture *fixture = *state;
	struct store_size before, after;

	assert_int_equal(store_size(fixture->store, &before, NULL), 0);
	assert_int_equal(before.audit_entries, 0);
	assert_true(before.bytes >= 4096);
	for (int i = 0; i < 3; i++)
		assert_int_equal(store_audit_append(fixture->store, &an_event, NULL), 0);
	assert_int_equal(store_size(fixture->store, &after, NULL), 0);
	assert_int_equal(after.audit_entries, 3);
	assert_true(after.bytes > before.bytes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(counts_nothing_in_an_empty_store),
		TEST(counts_valid_certificates_by_issuer_and_by_what_is_left),
		TEST(overdue_is_what_has_less_than_a_sixth_of_its_life),
		TEST(overdue_is_nothing_with_more_than_30_days),
		TEST(not_overdue_is_what_has_a_successor),
		TEST(overdue_is_what_has_a_successor_that_was_revoked_or_ends_sooner),
		TEST(not_overdue_is_what_has_no_names),
		TEST(knows_entries_and_bytes_on_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
