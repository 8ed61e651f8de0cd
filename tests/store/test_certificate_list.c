/* test_certificate_list.c - filters and pages. */
#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "tests/store/fixture.h"

/*
 * 01 internal a.example, valid; 02 internal a.example and 10.0.0.1, expired;
 * 03 other b.example, revoked; 04 other fd00::1, valid for a year. 01 and 03 have one
 * key.
 */
static int
open_with_certificates(void **state)
{
	struct certificate_row rows[] = { a_certificate("01"), a_certificate("02"),
		a_certificate("03"), a_certificate("04") };
	struct fixture *fixture;

	if (fixture_open(state) != 0)
		return -1;
	fixture = *state;
	rows[1].names = "dns:a.example dns:A.example ip:10.0.0.1";
	rows[1].not_after = clock_now_s() - 10;
	rows[2].names = "dns:b.example";
	snprintf(rows[2].issuer, sizeof(rows[2].issuer), "other");
	rows[3].names = "ip:fd00::1";
	rows[3].not_after = clock_now_s() + 365 * 86400;
	snprintf(rows[3].issuer, sizeof(rows[3].issuer), "other");
	rows[0].spki_sha256[31] = rows[2].spki_sha256[31] = 1;
	for (size_t i = 0; i < 4; i++)
		put_certificate(fixture->store, &rows[i]);
	put_revocation(fixture->store, "03", 1);
	return 0;
}

struct page {
	char serials[64];
	int64_t last_id;
	int count, stop_at;
};

static int
add_to_page(void *ctx, int64_t id, const struct certificate_row *row)
{
	struct page *page = ctx;
	size_t len = strlen(page->serials);

	snprintf(page->serials + len, sizeof(page->serials) - len, "%s ", row->serial);
	assert_true(id > page->last_id);
	page->last_id = id;
	return ++page->count == page->stop_at;
}

static void
check(void **state, struct certificate_filter filter, const char *serials)
{
	struct fixture *fixture = *state;
	struct page page = { 0 };

	if (filter.limit == 0)
		filter.limit = 100;
	assert_int_equal(
	    store_certificate_each(fixture->store, &filter, add_to_page, &page, NULL), 0);
	assert_string_equal(page.serials, serials);
}

static void
lists_all_newest_last(void **state)
{
	check(state, (struct certificate_filter){ 0 }, "01 02 03 04 ");
}

static void
filters_by_issuer(void **state)
{
	check(state, (struct certificate_filter){ .issuer = "other" }, "03 04 ");
	check(state, (struct certificate_filter){ .issuer = "nobody" }, "");
}

static void
filters_by_status(void **state)
{
	check(state, (struct certificate_filter){ .status = "valid" }, "01 04 ");
	check(state, (struct certificate_filter){ .status = "expired" }, "02 ");
	check(state, (struct certificate_filter){ .status = "revoked" }, "03 ");
}

static void
filters_by_name(void **state)
{
	check(state, (struct certificate_filter){ .name = "a.example" }, "01 02 ");
	check(state, (struct certificate_filter){ .name = "A.EXAMPLE" }, "01 02 ");
	check(state, (struct certificate_filter){ .name = "10.0.0.1" }, "02 ");
	check(state, (struct certificate_filter){ .name = "fd00::1" }, "04 ");
	check(state, (struct certificate_filter){ .name = "example" }, "");
	check(state, (struct certificate_filter){ .name = "%" }, "");
}

static void
filters_by_key(void **state)
{
	static const unsigned char key[32] = { [31] = 1 }, unknown[32] = { 7 };

	check(state, (struct certificate_filter){ .spki_sha256 = key }, "01 03 ");
	check(state, (struct certificate_filter){ .spki_sha256 = unknown }, "");
	check(state,
	    (struct certificate_filter){ .spki_sha256 = key, .status = "revoked" },
	    "03 ");
	check(state,
	    (struct certificate_filter){
		.spki_sha256 = key, .issuer = "internal", .name = "a.example" },
	    "01 ");
}

static void
filters_by_expiry(void **state)
{
	int64_t in_two_days = clock_now_s() + 2 * 86400;

	check(state, (struct certificate_filter){ .expires_before = in_two_days },
	    "01 02 03 ");
}

static void
filters_by_expiry_where_many_have_expired(void **state)
{
	struct fixture *fixture = *state;
	int64_t in_two_days = clock_now_s() + 2 * 86400;
	struct certificate_filter filter = { .expires_before = in_two_days, .limit = 5 };

	fixture_sql(fixture,
	    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 5100) "
	    "INSERT INTO certificates (serial, issuer, not_before, not_after, created, "
	    "profile, requester, subject, names, certificate) "
	    "SELECT printf('a%x', i), 'many', 1, 2, 1, 'server', 'uid:0', '', '', x'30' "
	    "FROM n");
	check(state, filter, "01 02 03 a1 a2 ");
	filter.issuer = "internal";
	check(state, filter, "01 02 ");
	filter.issuer = "many";
	filter.status = "expired";
	check(state, filter, "a1 a2 a3 a4 a5 ");
}

static void
combines_filters(void **state)
{
	int64_t in_two_days = clock_now_s() + 2 * 86400;

	check(state,
	    (struct certificate_filter){ .issuer = "internal", .status = "valid" },
	    "01 ");
	check(state,
	    (struct certificate_filter){ .issuer = "other", .status = "revoked" }, "03 ");
	check(state,
	    (struct certificate_filter){
		.status = "revoked", .expires_before = in_two_days },
	    "03 ");
	check(state,
	    (struct certificate_filter){ .issuer = "internal",
		.status = "valid",
		.name = "a.example",
		.expires_before = in_two_days },
	    "01 ");
	check(state,
	    (struct certificate_filter){ .issuer = "other", .name = "a.example" }, "");
}

static void
pages_by_cursor(void **state)
{
	struct fixture *fixture = *state;
	struct certificate_filter filter = { .limit = 3 };
	struct page page = { 0 };

	assert_int_equal(
	    store_certificate_each(fixture->store, &filter, add_to_page, &page, NULL), 0);
	assert_string_equal(page.serials, "01 02 03 ");
	filter.after_id = page.last_id;
	check(state, filter, "04 ");
}

static void
stops_when_visit_says_so(void **state)
{
	struct fixture *fixture = *state;
	struct certificate_filter filter = { .limit = 100 };
	struct page page = { .stop_at = 2 };

	assert_int_equal(
	    store_certificate_each(fixture->store, &filter, add_to_page, &page, NULL), 0);
	assert_string_equal(page.serials, "01 02 ");
}

static void
refuses_an_unknown_status(void **state)
{
	struct fixture *fixture = *state;
	struct certificate_filter filter = { .status = "good", .limit = 100 };
	struct error err = { 0 };

	assert_int_equal(
	    store_certificate_each(fixture->store, &filter, add_to_page, NULL, &err), -1);
	assert_int_equal(err.code, ERROR_BAD_REQUEST);
}

#define STORE_TEST(name)                                                                 \
	cmocka_unit_test_setup_teardown(name, open_with_certificates, fixture_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(lists_all_newest_last),
		STORE_TEST(filters_by_issuer),
		STORE_TEST(filters_by_status),
		STORE_TEST(filters_by_name),
		STORE_TEST(filters_by_key),
		STORE_TEST(filters_by_expiry),
		STORE_TEST(filters_by_expiry_where_many_have_expired),
		STORE_TEST(combines_filters),
		STORE_TEST(pages_by_cursor),
		STORE_TEST(stops_when_visit_says_so),
		STORE_TEST(refuses_an_unknown_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
