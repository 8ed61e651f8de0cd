/* test_certificates.c - reserved, recorded. */
#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "store/issuers.h"
#include "tests/store/fixture.h"

struct copy {
	struct certificate_row row;
	char subject[64], names[64];
	unsigned char der[16];
	int visits;
};

static int
copy_row(void *ctx, const struct certificate_row *row)
{
	struct copy *copy = ctx;

	copy->row = *row;
	copy->visits++;
	assert_int_equal(
	    text_copy(copy->subject, sizeof(copy->subject), row->subject), 0);
	assert_int_equal(text_copy(copy->names, sizeof(copy->names), row->names), 0);
	assert_true(row->certificate.len <= sizeof(copy->der));
	memcpy(copy->der, row->certificate.data, row->certificate.len);
	return 0;
}

static void
find(struct fixture *fixture, const char *serial, struct copy *copy)
{
	assert_int_equal(
	    store_certificate_find(fixture->store, serial, copy_row, copy, NULL), 0);
	assert_int_equal(copy->visits, 1);
}

static int64_t
audit_entries(struct fixture *fixture)
{
	int64_t entries = -1;

	assert_int_equal(store_audit_verify(fixture->store, &entries, NULL), 0);
	return entries;
}

static void
finds_what_was_recorded(void **state)
{
	struct fixture *fixture = *state;
	struct certificate_row row = a_certificate("0a1b");
	struct copy copy = { 0 };

	put_certificate(fixture->store, &row);
	fixture_reopen(fixture);
	find(fixture, "0a1b", &copy);
	assert_string_equal(copy.row.serial, "0a1b");
	assert_string_equal(copy.row.issuer, "internal");
	assert_string_equal(copy.row.profile, "server");
	assert_string_equal(copy.row.requester, "uid:1000");
	assert_int_equal(copy.row.status, CERTIFICATE_VALID);
	assert_int_equal(copy.row.not_before, row.not_before);
	assert_int_equal(copy.row.not_after, row.not_after);
	assert_int_equal(copy.row.created, row.created);
	assert_int_equal(copy.row.revoked_at, 0);
	assert_string_equal(copy.subject, row.subject);
	assert_string_equal(copy.names, row.names);
	assert_int_equal(copy.row.certificate.len, row.certificate.len);
	assert_memory_equal(copy.der, row.certificate.data, row.certificate.len);
	assert_int_equal(audit_entries(fixture), 1);
}

static void
refuses_a_reserved_serial(void **state)
{
	struct fixture *fixture = *state;
	struct error err = { 0 };

	assert_int_equal(
	    store_certificate_reserve(fixture->store, "01", "root", NULL), 0);
	assert_int_equal(
	    store_certificate_reserve(fixture->store, "01", "root", &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
}

static void
refuses_a_recorded_serial(void **state)
{
	struct fixture *fixture = *state;
	struct certificate_row row = a_certificate("01");
	struct error err = { 0 };

	put_certificate(fixture->store, &row);
	assert_int_equal(
	    store_certificate_reserve(fixture->store, "01", "root", &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
}

static void
refuses_to_record_without_reservation(void **state)
{
	struct fixture *fixture = *state;
	struct certificate_row row = a_certificate("01");
	struct copy copy = { 0 };
	struct error err = { 0 };

	assert_int_equal(
	    store_certificate_record(fixture->store, &row, &an_event, &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	assert_int_equal(
	    store_certificate_find(fixture->store, "01", copy_row, &copy, NULL), -1);
	assert_int_equal(audit_entries(fixture), 0);
}

static void
refuses_to_record_for_another_issuer(void **state)
{
	struct fixture *fixture = *state;
	struct certificate_row row = a_certificate("01");
	struct error err = { 0 };

	assert_int_equal(
	    store_certificate_reserve(fixture->store, "01", "other", NULL), 0);
	assert_int_equal(
	    store_certificate_record(fixture->store, &row, &an_event, &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
}

static int
count(void *ctx, int64_t id, const struct certificate_row *row)
{
	(void)id;
	(void)row;
	++*(int *)ctx;
	return 0;
}

/* A daemon that was cut off may have left the reservation. */
static void
admits_what_was_signed_elsewhere_reserved_or_not(void **state)
{
	static const char *const serials[] = { "01", "02" };
	struct fixture *fixture = *state;
	struct error err = { 0 };

	assert_int_equal(
	    store_certificate_reserve(fixture->store, "01", "root", NULL), 0);
	for (size_t i = 0; i < 2; i++) {
		const struct certificate_filter filter = { .name = "a.example",
			.limit = 10 };
		struct certificate_row row = a_certificate(serials[i]);
		int found = 0;

		assert_int_equal(
		    store_certificate_admit(fixture->store, &row, &an_event, &err), 0);
		assert_int_equal(
		    store_certificate_each(fixture->store, &filter, count, &found, NULL),
		    0);
		assert_int_equal(found, i + 1);
		assert_int_equal(
		    store_certificate_admit(fixture->store, &row, &an_event, &err), -1);
		assert_int_equal(err.code, ERROR_CONFLICT);
	}
	assert_int_equal(audit_entries(fixture), 2);
	assert_int_equal(
	    store_certificate_reserve(fixture->store, "01", "root", &err), -1);
}

static void
refuses_to_record_twice(void **state)
{
	struct fixture *fixture = *state;
	struct certificate_row row = a_certificate("01");
	struct error err = { 0 };

	put_certificate(fixture->store, &row);
	assert_int_equal(
	    store_certificate_record(fixture->store, &row, &an_event, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	assert_int_equal(audit_entries(fixture), 1);
}

static void
refuses_to_record_for_a_key_that_was_blocked_meanwhile(void **state)
{
	struct fixture *fixture = *state;
	struct certificate_row row = a_certificate("01");
	struct error err = { 0 };

	assert_int_equal(
	    store_certificate_reserve(fixture->store, "01", "internal", NULL), 0);
	fixture_sql(fixture, "INSERT INTO blocked_keys VALUES (zeroblob(32), 'x', 1)");
	assert_int_equal(
	    store_certificate_record(fixture->store, &row, &an_event, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	assert_string_equal(err.text, "the key was blocked meanwhile");
	assert_int_equal(audit_entries(fixture), 0);
}

static void
does_not_find_an_unknown_serial(void **state)
{
	struct fixture *fixture = *state;
	struct copy copy = { 0 };
	struct error err = { 0 };

	assert_int_equal(
	    store_certificate_find(fixture->store, "01", copy_row, &copy, &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	assert_int_equal(copy.visits, 0);
}

static void
does_not_find_a_reserved_serial(void **state)
{
	struct fixture *fixture = *state;
	struct copy copy = { 0 };
	struct error err = { 0 };

	assert_int_equal(
	    store_certificate_reserve(fixture->store, "01", "root", NULL), 0);
	assert_int_equal(
	    store_certificate_find(fixture->store, "01", copy_row, &copy, &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
}

#define STORE_TEST(name)                                                                 \
	cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(finds_what_was_recorded),
		STORE_TEST(refuses_a_reserved_serial),
		STORE_TEST(refuses_a_recorded_serial),
		STORE_TEST(refuses_to_record_without_reservation),
		STORE_TEST(refuses_to_record_for_another_issuer),
		STORE_TEST(admits_what_was_signed_elsewhere_reserved_or_not),
		STORE_TEST(refuses_to_record_twice),
		STORE_TEST(refuses_to_record_for_a_key_that_was_blocked_meanwhile),
		STORE_TEST(does_not_find_an_unknown_serial),
		STORE_TEST(does_not_find_a_reserved_serial),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
