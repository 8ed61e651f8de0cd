/* test_ocsp.c - what the responder asks the store. */
#include "store/ocsp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "store/issuers.h"
#include "store/revocations.h"
#include "tests/store/fixture.h"

#define SERIAL "4000000000000000000000000000000000000001"
#define OTHER  "4000000000000000000000000000000000000002"

static int
open_with_issuer(void **state)
{
	static const unsigned char der[] = { 0x30, 0x00 };
	struct issuer_row issuer = { .name = "internal",
		.key_spki_sha256 = { 1 },
		.state = ISSUER_ACTIVE,
		.crl_shards = 1 };
	struct key_row key = a_key("internal", 1);
	struct fixture *fixture;

	if (fixture_open(state) != 0)
		return -1;
	fixture = *state;
	issuer.certificate = (struct bytes){ der, sizeof(der) };
	assert_int_equal(store_key_add(fixture->store, &key, &an_event, NULL), 0);
	return store_issuer_add(fixture->store, &issuer, &an_event, NULL);
}

static void
put(struct fixture *fixture, const char *serial, const char *profile, unsigned char hash)
{
	struct certificate_row row = a_certificate(serial);

	snprintf(row.issuer, sizeof(row.issuer), "%s", "internal");
	snprintf(row.profile, sizeof(row.profile), "%s", profile);
	row.spki_sha256[0] = hash;
	put_certificate(fixture->store, &row);
}

static void
revoke(struct fixture *fixture, const char *serial)
{
	static const unsigned char key[32] = { 7 };
	struct revocation revocation = { .revoked_at = 1700000000, .reason = 4 };
	bool changed;

	snprintf(revocation.serial, sizeof(revocation.serial), "%s", serial);
	assert_int_equal(store_revocation_add(
			     fixture->store, &revocation, key, &an_event, &changed, NULL),
	    0);
}

static struct ocsp_record
find(struct fixture *fixture, const char *serial)
{
	struct ocsp_record record;

	assert_int_equal(
	    store_ocsp_find(fixture->store, "internal", serial, &record, NULL), 0);
	return record;
}

static void
knows_what_is_recorded_and_revoked(void **state)
{
	struct fixture *fixture = *state;
	struct ocsp_record record;

	put(fixture, SERIAL, "server", 2);
	record = find(fixture, SERIAL);
	assert_true(record.is_answered && record.is_recorded && !record.is_revoked);
	revoke(fixture, SERIAL);
	record = find(fixture, SERIAL);
	assert_true(record.is_recorded && record.is_revoked);
	assert_int_equal(record.revoked_at, 1700000000);
	assert_int_equal(record.reason, 4);
}

static void
does_not_take_a_reservation_for_a_record(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(
	    store_certificate_reserve(fixture->store, SERIAL, "internal", NULL), 0);
	assert_false(find(fixture, SERIAL).is_recorded);
	assert_false(find(fixture, OTHER).is_recorded);
	assert_false(find(fixture, "").is_recorded);
}

static void
tells_whose_certificate_it_is(void **state)
{
	struct fixture *fixture = *state;
	struct certificate_row row = a_certificate(SERIAL);

	snprintf(row.issuer, sizeof(row.issuer), "%s", "another");
	put_certificate(fixture->store, &row);
	assert_false(find(fixture, SERIAL).is_recorded);
}

static void
answers_for_active_and_retiring_issuers(void **state)
{
	struct fixture *fixture = *state;

	put(fixture, SERIAL, "server", 2);
	fixture_sql(fixture, "UPDATE issuers SET state = 'retiring'");
	assert_true(find(fixture, SERIAL).is_answered);
	fixture_sql(fixture, "UPDATE issuers SET state = 'retired'");
	assert_false(find(fixture, SERIAL).is_answered);
	fixture_sql(fixture, "UPDATE issuers SET state = 'pending'");
	assert_false(find(fixture, SERIAL).is_answered);
}

static void
refuses_an_unknown_issuer(void **state)
{
	struct fixture *fixture = *state;
	struct ocsp_record record;
	struct error err = { 0 };

	assert_int_equal(
	    store_ocsp_find(fixture->store, "nobody", SERIAL, &record, &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
}

static int
copy_serial(void *ctx, const struct certificate_row *row)
{
	memcpy(ctx, row->serial, sizeof(row->serial));
	return 0;
}

static void
finds_the_newest_signer_of_a_key(void **state)
{
	const unsigned char key[32] = { 7 }, other[32] = { 8 };
	struct fixture *fixture = *state;
	char serial[STORE_SERIAL_SIZE];
	struct error err = { 0 };
	bool exists = true;

	assert_int_equal(store_ocsp_signer_exists(fixture->store, key, &exists, NULL), 0);
	assert_false(exists);
	put(fixture, SERIAL, "ocsp-signer", 7);
	put(fixture, OTHER, "ocsp-signer", 7);
	put(fixture, "4000000000000000000000000000000000000003", "server", 7);
	assert_int_equal(store_ocsp_signer_find(
			     fixture->store, "internal", key, copy_serial, serial, NULL),
	    0);
	assert_string_equal(serial, OTHER);
	revoke(fixture, OTHER);
	assert_int_equal(store_ocsp_signer_find(
			     fixture->store, "internal", key, copy_serial, serial, NULL),
	    0);
	assert_string_equal(serial, SERIAL);
	assert_int_equal(store_ocsp_signer_find(fixture->store, "internal", other,
			     copy_serial, serial, &err),
	    -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	assert_int_equal(store_ocsp_signer_exists(fixture->store, key, &exists, NULL), 0);
	assert_true(exists);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_with_issuer, fixture_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(knows_what_is_recorded_and_revoked),
		TEST(does_not_take_a_reservation_for_a_record),
		TEST(tells_whose_certificate_it_is),
		TEST(answers_for_active_and_retiring_issuers),
		TEST(refuses_an_unknown_issuer),
		TEST(finds_the_newest_signer_of_a_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
