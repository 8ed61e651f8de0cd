/* test_calendar.c - certificates that are longer than public authorities' would be. */
#include "ca/calendar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ca/san.h"

#define DAY_S      INT64_C(86400)
#define MARCH_2026 INT64_C(1773532800)
#define MARCH_2027 INT64_C(1805068800)
#define MARCH_2029 INT64_C(1868227200)

static void
shrinks_on_three_days_of_march(void **state)
{
	(void)state;
	assert_int_equal(calendar_longest_s(MARCH_2026 - 1), 398 * DAY_S);
	assert_int_equal(calendar_longest_s(MARCH_2026), 200 * DAY_S);
	assert_int_equal(calendar_longest_s(MARCH_2027 - 1), 200 * DAY_S);
	assert_int_equal(calendar_longest_s(MARCH_2027), 100 * DAY_S);
	assert_int_equal(calendar_longest_s(MARCH_2029 - 1), 100 * DAY_S);
	assert_int_equal(calendar_longest_s(MARCH_2029), 47 * DAY_S);
}

/* The warning, or "", for a certificate of this profile, these names and this length. */
static const char *
warning(const char *profile_name, const char *first, const char *second, int64_t length_s)
{
	static struct warnings w;
	const struct profile *profile = profile_find(profile_name);
	const char *const texts[] = { first, second };
	struct validity validity = { .not_before = MARCH_2027 - profile->backdate_s };
	GENERAL_NAMES *names;

	validity.not_after = validity.not_before + length_s - 1;
	w = (struct warnings){ 0 };
	assert_int_equal(san_from_text(texts, second != NULL ? 2 : 1, &names, NULL), 0);
	calendar_warn(profile, names, &validity, &w);
	GENERAL_NAMES_free(names);
	return w.count > 0 ? w.items[0] : "";
}

static void
warns_of_a_public_name_for_too_long(void **state)
{
	(void)state;
	assert_string_equal(warning("server", "www.example.com", NULL, 100 * DAY_S + 1),
	    "101 days are more than the 100 that public authorities give now (BR "
	    "6.3.2)");
	assert_string_not_equal(
	    warning("peer", "example.org", "a.example.co.uk", 200 * DAY_S), "");
}

static void
says_nothing_within_the_calendar(void **state)
{
	(void)state;
	assert_string_equal(warning("server", "www.example.com", NULL, 100 * DAY_S), "");
}

static void
says_nothing_about_private_names_or_clients(void **state)
{
	(void)state;
	assert_string_equal(warning("server", "milvus.svc.local", NULL, 300 * DAY_S), "");
	assert_string_equal(warning("server", "localhost", NULL, 300 * DAY_S), "");
	assert_string_equal(
	    warning("server", "www.example.com", "10.0.0.1", 300 * DAY_S), "");
	assert_string_equal(
	    warning("server", "www.example.com", "www.internal", 300 * DAY_S), "");
	assert_string_equal(warning("client", "www.example.com", NULL, 300 * DAY_S), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shrinks_on_three_days_of_march),
		cmocka_unit_test(warns_of_a_public_name_for_too_long),
		cmocka_unit_test(says_nothing_within_the_calendar),
		cmocka_unit_test(says_nothing_about_private_names_or_clients),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
