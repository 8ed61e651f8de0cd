/* test_expiry.c - what ends, and what has been replaced. */
#include "store/expiry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/store/fixture.h"

#define NOW 1800000000
#define DAY INT64_C(86400)

struct seen {
	char text[256]; /* "01 02r ": serials, those that were replaced marked */
	int64_t last;
};

static int
see(void *ctx, int64_t id, const struct certificate_row *row, bool is_replaced)
{
	struct seen *seen = ctx;
	size_t len = strlen(seen->text);

	snprintf(seen->text + len, sizeof(seen->text) - len, "%s%s ", row->serial,
	    is_replaced ? "r" : "");
	seen->last = id;
	return 0;
}

static struct seen
look(void **state, struct expiry_filter filter)
{
	const struct fixture *fixture = *state;
	struct seen seen = { .text = "" };

	filter.from = filter.from != 0 ? filter.from : NOW;
	filter.limit = filter.limit != 0 ? filter.limit : 100;
	assert_int_equal(store_expiry_each(fixture->store, &filter, see, &seen, NULL), 0);
	return seen;
}

#define assert_sees(state, expected, ...)                                                \
	assert_string_equal(                                                             \
	    look(state, (struct expiry_filter){ __VA_ARGS__ }).text, expected)

static void
put(void **state, const char *serial, const char *names, int key, int64_t left)
{
	struct fixture *fixture = *state;
	struct certificate_row row = a_certificate(serial);

	row.names = names;
	row.spki_sha256[0] = (unsigned char)key;
	row.not_after = NOW + left * DAY;
	row.not_before = NOW - 300 * DAY;
	put_certificate(fixture->store, &row);
}

static void
lists_what_has_not_ended_and_was_not_revoked(void **state)
{
	struct fixture *fixture = *state;

	put(state, "01", "dns:a.example", 1, 5);
	put(state, "02", "dns:b.example", 2, -5);
	put(state, "03", "dns:c.example", 3, 5);
	put_revocation(fixture->store, "03", 4);
	put(state, "04", "", 4, 0);
	assert_sees(state, "01 04 ", .from = NOW);
	assert_sees(state, "01 02 04 ", .from = NOW - 7 * DAY);
}

static void
lists_what_ends_before_a_time(void **state)
{
	put(state, "01", "dns:a.example", 1, 40);
	put(state, "02", "dns:b.example", 2, 20);
	put(state, "03", "dns:c.example", 3, 30);
	assert_sees(state, "02 ", .has_before = true, .before = NOW + 30 * DAY);
	assert_sees(state, "02 03 ", .has_before = true, .before = NOW + 30 * DAY + 1);
	assert_sees(state, "", .has_before = true, .before = 0);
}

static void
replaced_is_what_has_a_later_one_for_its_key(void **state)
{
	put(state, "01", "dns:a.example", 1, 5);
	put(state, "02", "dns:b.example", 1, 80);
	assert_sees(state, "01r 02 ", .from = NOW);
}

static void
replaced_is_what_has_a_later_one_of_its_profile_for_its_first_name(void **state)
{
	struct fixture *fixture = *state;
	struct certificate_row client = a_certificate("03");

	put(state, "01", "dns:a.example", 1, 5);
	put(state, "02", "dns:z.example dns:a.example", 2, 80);
	client.names = "dns:z.example";
	client.spki_sha256[0] = 3;
	client.not_after = NOW + 90 * DAY;
	snprintf(client.profile, sizeof(client.profile), "client");
	put_certificate(fixture->store, &client);
	assert_sees(state, "01r 02 03 ", .from = NOW);
}

static void
nothing_is_replaced_by_what_was_revoked_or_ends_sooner(void **state)
{
	struct fixture *fixture = *state;

	put(state, "01", "dns:a.example", 1, 5);
	put(state, "02", "dns:a.example", 1, 80);
	put_revocation(fixture->store, "02", 4);
	put(state, "03", "dns:a.example", 1, 4);
	assert_sees(state, "01 03 ", .from = NOW);
}

static void
goes_on_where_a_page_ended(void **state)
{
	struct seen first;

	put(state, "01", "dns:a.example", 1, 5);
	put(state, "02", "dns:b.example", 2, 5);
	put(state, "03", "dns:c.example", 3, 5);
	first = look(state, (struct expiry_filter){ .limit = 2 });
	assert_string_equal(first.text, "01 02 ");
	assert_sees(state, "03 ", .after_id = first.last);
	assert_sees(state, "03 ", .after_id = first.last, .has_before = true,
	    .before = NOW + 6 * DAY);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lists_what_has_not_ended_and_was_not_revoked),
		TEST(lists_what_ends_before_a_time),
		TEST(replaced_is_what_has_a_later_one_for_its_key),
		TEST(replaced_is_what_has_a_later_one_of_its_profile_for_its_first_name),
		TEST(nothing_is_replaced_by_what_was_revoked_or_ends_sooner),
		TEST(goes_on_where_a_page_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
