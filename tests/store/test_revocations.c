/* test_revocations.c - revoked once, listed in order. */
#include "store/revocations.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/store/fixture.h"

#define SUPERSEDED 4

static const unsigned char a_hash[32] = { 7 };

static void
put(struct fixture *fixture, const char *serial, int shard)
{
	struct certificate_row row = a_certificate(serial);

	row.crl_shard = shard;
	put_certificate(fixture->store, &row);
}

static size_t
audit_entries(struct fixture *fixture)
{
	int64_t entries;

	assert_int_equal(store_audit_verify(fixture->store, &entries, NULL), 0);
	return (size_t)entries;
}

static struct revocation
find(struct fixture *fixture, const char *serial)
{
	struct revocation found;

	assert_int_equal(store_revocation_find(fixture->store, serial, &found, NULL), 0);
	return found;
}

static int
copy_status(void *ctx, const struct certificate_row *row)
{
	*(enum certificate_status *)ctx = row->status;
	return 0;
}

static int
add_serial(void *ctx, const struct revocation *revocation)
{
	char *list = ctx;

	snprintf(
	    list + strlen(list), 64, "%s:%d ", revocation->serial, revocation->reason);
	return 0;
}

/* "01:4 02:0 " */
static const char *
list_range(struct fixture *fixture, struct revocation_range range)
{
	static char list[512];

	list[0] = '\0';
	range.issuer = "internal";
	if (range.to.id == 0)
		assert_int_equal(
		    store_revocation_mark(fixture->store, "internal", &range.to, NULL),
		    0);
	assert_int_equal(
	    store_revocation_each(fixture->store, &range, add_serial, list, NULL), 0);
	return list;
}

static const char *
list_all(struct fixture *fixture)
{
	return list_range(
	    fixture, (struct revocation_range){ .shard = REVOCATION_ANY_SHARD });
}

static const char *
list_delta(struct fixture *fixture, int64_t since)
{
	return list_range(fixture,
	    (struct revocation_range){
		.shard = REVOCATION_ANY_SHARD, .is_delta = true, .since = since });
}

static void
revokes_in_both_tables_with_an_audit_entry(void **state)
{
	struct fixture *fixture = *state;
	enum certificate_status status = CERTIFICATE_VALID;
	struct revocation found;

	put(fixture, "01", 0);
	put_revocation(fixture->store, "01", SUPERSEDED);
	assert_int_equal(
	    store_certificate_find(fixture->store, "01", copy_status, &status, NULL), 0);
	assert_int_equal(status, CERTIFICATE_REVOKED);
	found = find(fixture, "01");
	assert_int_equal(found.reason, SUPERSEDED);
	assert_int_equal(found.revoked_at, 1800000000);
	assert_int_equal(found.invalidity_date, 0);
	assert_string_equal(found.issuer, "internal");
	assert_int_equal(audit_entries(fixture), 2);
}

static void
keeps_the_first_revocation(void **state)
{
	struct fixture *fixture = *state;
	struct revocation again = { .serial = "01", .revoked_at = 1900000000 };
	bool changed = true;

	put(fixture, "01", 0);
	put_revocation(fixture->store, "01", SUPERSEDED);
	assert_int_equal(store_revocation_add(
			     fixture->store, &again, a_hash, &an_event, &changed, NULL),
	    0);
	assert_false(changed);
	assert_int_equal(find(fixture, "01").reason, SUPERSEDED);
	assert_int_equal(find(fixture, "01").revoked_at, 1800000000);
	assert_int_equal(audit_entries(fixture), 2);
}

static void
a_key_compromise_becomes_the_reason_even_later(void **state)
{
	struct fixture *fixture = *state;
	struct revocation worse = { .serial = "01",
		.revoked_at = 1900000000,
		.reason = REVOCATION_KEY_COMPROMISE,
		.invalidity_date = 1700000000 };
	bool changed = false;

	put(fixture, "01", 0);
	put(fixture, "02", 0);
	put_revocation(fixture->store, "01", SUPERSEDED);
	put_revocation(fixture->store, "02", 0);
	assert_int_equal(store_revocation_add(
			     fixture->store, &worse, a_hash, &an_event, &changed, NULL),
	    0);
	assert_true(changed);
	assert_int_equal(find(fixture, "01").reason, REVOCATION_KEY_COMPROMISE);
	assert_int_equal(find(fixture, "01").revoked_at, 1800000000);
	assert_int_equal(find(fixture, "01").invalidity_date, 1700000000);
	assert_string_equal(list_all(fixture), "01:1 02:0 ");
	assert_string_equal(list_delta(fixture, 2), "01:1 ");
	/* And from there it is never mended. */
	put_revocation(fixture->store, "01", SUPERSEDED);
	assert_int_equal(find(fixture, "01").reason, REVOCATION_KEY_COMPROMISE);
}

static void
blocks_a_compromised_key(void **state)
{
	struct fixture *fixture = *state;
	struct revocation revocation = { .serial = "01",
		.revoked_at = 1800000000,
		.reason = REVOCATION_KEY_COMPROMISE };
	bool changed;

	put(fixture, "01", 0);
	put(fixture, "02", 0);
	put_revocation(fixture->store, "02", SUPERSEDED);
	assert_int_equal(store_revocation_add(fixture->store, &revocation, a_hash,
			     &an_event, &changed, NULL),
	    0);
	/* A second row for the hash would break this. */
	fixture_sql(fixture,
	    "CREATE TABLE one AS SELECT 1 / (count(*) = 1) AS ok FROM blocked_keys "
	    "WHERE hex(spki_sha256) LIKE '0700%';"
	    "CREATE TABLE seen (ok INTEGER NOT NULL);"
	    "INSERT INTO seen SELECT ok FROM one");
}

static void
refuses_to_revoke_an_unknown_serial(void **state)
{
	struct fixture *fixture = *state;
	struct revocation revocation = { .serial = "01", .revoked_at = 1800000000 };
	struct error err = { 0 };
	bool changed = true;

	assert_int_equal(store_revocation_add(fixture->store, &revocation, a_hash,
			     &an_event, &changed, &err),
	    -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	assert_false(changed);
	assert_int_equal(audit_entries(fixture), 0);
	assert_int_equal(
	    store_revocation_find(fixture->store, "01", &revocation, &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
}

static void
lists_in_the_order_of_revocation_and_by_shard(void **state)
{
	struct fixture *fixture = *state;
	struct revocation_range shard = { .shard = 1 };
	bool changed;

	put(fixture, "01", 0);
	put(fixture, "02", 1);
	put(fixture, "03", 1);
	put_revocation(fixture->store, "03", 0);
	put_revocation(fixture->store, "01", 0);
	put_revocation(fixture->store, "02", 0);
	assert_string_equal(list_all(fixture), "03:0 01:0 02:0 ");
	assert_string_equal(list_range(fixture, shard), "03:0 02:0 ");
	assert_string_equal(list_delta(fixture, 1), "01:0 02:0 ");
	assert_int_equal(
	    store_revocation_changed(fixture->store, "internal", 0, 1, &changed, NULL),
	    0);
	assert_true(changed);
	assert_int_equal(
	    store_revocation_changed(fixture->store, "internal", 0, 2, &changed, NULL),
	    0);
	assert_false(changed);
}

static void
leaves_out_what_expired_unless_it_was_never_listed(void **state)
{
	struct fixture *fixture = *state;
	struct revocation_range range = { .shard = REVOCATION_ANY_SHARD };
	struct certificate_row old = a_certificate("01");

	old.not_after = 1000;
	put_certificate(fixture->store, &old);
	put(fixture, "02", 0);
	put_revocation(fixture->store, "01", 0);
	put_revocation(fixture->store, "02", 0);
	range.expired_before = 1000;
	range.unlisted_after = 2;
	assert_string_equal(list_range(fixture, range), "01:0 02:0 ");
	range.expired_before = 1001;
	assert_string_equal(list_range(fixture, range), "02:0 ");
	range.unlisted_after = 0;
	assert_string_equal(list_range(fixture, range), "01:0 02:0 ");
}

static int
count_one(void *ctx, const struct revocation *revocation)
{
	(void)revocation;
	*(int *)ctx += 1;
	return 0;
}

static void
pages_through_more_than_one_page(void **state)
{
	struct fixture *fixture = *state;
	struct revocation_range range = { .issuer = "internal",
		.shard = REVOCATION_ANY_SHARD };
	int count = 0;

	fixture_sql(fixture,
	    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 4097) "
	    "INSERT INTO revocations (change, issuer, shard, serial, not_after, "
	    "revoked_at, reason) SELECT i, 'internal', 0, printf('%x', i), 9, 1, 0 FROM "
	    "n");
	assert_int_equal(
	    store_revocation_mark(fixture->store, "internal", &range.to, NULL), 0);
	assert_int_equal(range.to.change, 4097);
	assert_int_equal(
	    store_revocation_each(fixture->store, &range, count_one, &count, NULL), 0);
	assert_int_equal(count, 4097);
}

#define STORE_TEST(name)                                                                 \
	cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(revokes_in_both_tables_with_an_audit_entry),
		STORE_TEST(keeps_the_first_revocation),
		STORE_TEST(a_key_compromise_becomes_the_reason_even_later),
		STORE_TEST(blocks_a_compromised_key),
		STORE_TEST(refuses_to_revoke_an_unknown_serial),
		STORE_TEST(lists_in_the_order_of_revocation_and_by_shard),
		STORE_TEST(leaves_out_what_expired_unless_it_was_never_listed),
		STORE_TEST(pages_through_more_than_one_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
