/* test_issuers.c - roots and intermediates. */
#include "store/issuers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/store/fixture.h"

static const unsigned char der[] = { 0x30, 0x01, 0x00 };

static int
put_issuer(struct fixture *fixture, const char *name, const char *parent,
    unsigned char hash, struct error *err)
{
	struct issuer_row issuer = {
		.key_spki_sha256 = { hash },
		.created = 1700000000,
		.crl_shards = 1,
		.certificate = { .data = der, .len = sizeof(der) },
	};

	assert_int_equal(text_copy(issuer.name, sizeof(issuer.name), name), 0);
	assert_int_equal(text_copy(issuer.parent, sizeof(issuer.parent), parent), 0);
	return store_issuer_add(fixture->store, &issuer, &an_event, err);
}

static int
open_with_keys(void **state)
{
	struct fixture *fixture;
	struct key_row first = a_key("one", 1), second = a_key("two", 2);

	if (fixture_open(state) != 0)
		return -1;
	fixture = *state;
	assert_int_equal(store_key_add(fixture->store, &first, &an_event, NULL), 0);
	return store_key_add(fixture->store, &second, &an_event, NULL);
}

static int
list(void *ctx, const struct issuer_row *row)
{
	char *text = ctx;
	size_t len = strlen(text);

	assert_int_equal(row->certificate.len, sizeof(der));
	assert_memory_equal(row->certificate.data, der, sizeof(der));
	assert_int_equal(row->created, 1700000000);
	snprintf(text + len, 128 - len, "%s<%s/%d ", row->name, row->parent,
	    row->key_spki_sha256[0]);
	return 0;
}

static void
lists_a_parent_before_its_children(void **state)
{
	struct fixture *fixture = *state;
	char text[128] = "";

	assert_int_equal(put_issuer(fixture, "root", "", 1, NULL), 0);
	assert_int_equal(put_issuer(fixture, "internal", "root", 2, NULL), 0);
	fixture_reopen(fixture);
	assert_int_equal(store_issuer_each(fixture->store, list, text, NULL), 0);
	assert_string_equal(text, "root</1 internal<root/2 ");
}

static void
refuses_a_taken_name(void **state)
{
	struct fixture *fixture = *state;
	struct error err = { 0 };

	assert_int_equal(put_issuer(fixture, "root", "", 1, NULL), 0);
	assert_int_equal(put_issuer(fixture, "root", "", 2, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
}

static void
refuses_an_unknown_parent(void **state)
{
	struct error err = { 0 };

	assert_int_equal(put_issuer(*state, "internal", "root", 1, &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
}

static void
refuses_an_unknown_key(void **state)
{
	struct error err = { 0 };

	assert_int_equal(put_issuer(*state, "root", "", 3, &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
}

static int
read_row(void *ctx, const struct issuer_row *row)
{
	*(struct issuer_row *)ctx = *row;
	return 0;
}

static void
changes_what_may_change(void **state)
{
	struct fixture *fixture = *state;
	struct issuer_row issuer = {
		.name = "root",
		.state = ISSUER_RETIRING,
		.crl_shards = 4,
		.crl_url = "http://crl.example/root",
		.ocsp_url = "http://ocsp.example",
		.certificate = { .data = der, .len = sizeof(der) },
	};
	struct issuer_row read = { 0 };
	struct error err = { 0 };

	assert_int_equal(put_issuer(fixture, "root", "", 1, NULL), 0);
	assert_int_equal(store_issuer_each(fixture->store, read_row, &read, NULL), 0);
	assert_int_equal(read.state, ISSUER_ACTIVE);
	assert_string_equal(read.crl_url, "");
	assert_int_equal(
	    store_issuer_change(fixture->store, &issuer, &an_event, &err), 0);
	fixture_reopen(fixture);
	assert_int_equal(store_issuer_each(fixture->store, read_row, &read, NULL), 0);
	assert_int_equal(read.state, ISSUER_RETIRING);
	assert_int_equal(read.crl_shards, 4);
	assert_string_equal(read.crl_url, "http://crl.example/root");
	assert_string_equal(read.ocsp_url, "http://ocsp.example");
	assert_string_equal(read.ca_issuers_url, "");
	assert_int_equal(read.key_spki_sha256[0], 1);
	assert_int_equal(text_copy(issuer.name, sizeof(issuer.name), "other"), 0);
	assert_int_equal(
	    store_issuer_change(fixture->store, &issuer, &an_event, &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
}

static int
record(
    struct fixture *fixture, const char *serial, const char *profile, struct error *err)
{
	struct certificate_row row = a_certificate(serial);

	assert_int_equal(text_copy(row.issuer, sizeof(row.issuer), "root"), 0);
	assert_int_equal(text_copy(row.profile, sizeof(row.profile), profile), 0);
	return store_certificate_record(fixture->store, &row, &an_event, err);
}

static void
reserve(struct fixture *fixture, const char *serial)
{
	assert_int_equal(
	    store_certificate_reserve(fixture->store, serial, "root", NULL), 0);
}

/* Whichever comes first, the record or the end, the other does not happen. */
static void
ends_and_nothing_valid_is_left_or_recorded(void **state)
{
	struct fixture *fixture = *state;
	const struct issuer_row ended = {
		.name = "root", .state = ISSUER_RETIRED, .crl_shards = 1
	};
	struct error err = { 0 };

	assert_int_equal(put_issuer(fixture, "root", "", 1, NULL), 0);
	reserve(fixture, "01");
	reserve(fixture, "02");
	reserve(fixture, "03");
	assert_int_equal(record(fixture, "01", "server", NULL), 0);
	assert_int_equal(record(fixture, "02", "ocsp-signer", NULL), 0);
	assert_int_equal(
	    store_issuer_change(fixture->store, &ended, &an_event, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	put_revocation(fixture->store, "01", 0);
	assert_int_equal(store_issuer_change(fixture->store, &ended, &an_event, NULL), 0);
	assert_int_equal(record(fixture, "03", "server", &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	assert_string_equal(err.text, "issuer root has retired meanwhile");
}

static void
refuses_a_state_that_nobody_knows(void **state)
{
	struct fixture *fixture = *state;
	char text[128] = "";
	struct error err = { 0 };
	enum issuer_state read;

	assert_int_equal(issuer_state_read("retired", &read, NULL), 0);
	assert_int_equal(read, ISSUER_RETIRED);
	assert_int_equal(issuer_state_read("Active", &read, &err), -1);
	assert_int_equal(err.code, ERROR_BAD_REQUEST);
	assert_int_equal(put_issuer(fixture, "root", "", 1, NULL), 0);
	fixture_sql(fixture, "UPDATE issuers SET state = 'lost'");
	assert_int_equal(store_issuer_each(fixture->store, list, text, &err), -1);
	assert_int_equal(err.code, ERROR_IO);
}

#define STORE_TEST(name)                                                                 \
	cmocka_unit_test_setup_teardown(name, open_with_keys, fixture_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(lists_a_parent_before_its_children),
		STORE_TEST(refuses_a_taken_name),
		STORE_TEST(refuses_an_unknown_parent),
		STORE_TEST(refuses_an_unknown_key),
		STORE_TEST(changes_what_may_change),
		STORE_TEST(ends_and_nothing_valid_is_left_or_recorded),
		STORE_TEST(refuses_a_state_that_nobody_knows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
