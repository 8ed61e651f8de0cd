/* test_url.c - percent-encoding and query strings. */
#include "api/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int
decode(char *out, size_t size, const char *text)
{
	struct error err = { 0 };
	int rc = url_decode(out, size, text, strlen(text), &err);

	assert_int_equal(err.code, rc == 0 ? ERROR_NONE : ERROR_BAD_REQUEST);
	return rc;
}

static void
decodes_escapes_of_either_case(void **state)
{
	char out[16];

	(void)state;
	assert_int_equal(decode(out, sizeof(out), "a%2Fb%2fc%25"), 0);
	assert_string_equal(out, "a/b/c%");
	assert_int_equal(decode(out, sizeof(out), ""), 0);
	assert_string_equal(out, "");
}

static void
leaves_a_plus_as_it_is(void **state)
{
	char out[16];

	(void)state;
	assert_int_equal(decode(out, sizeof(out), "a+b"), 0);
	assert_string_equal(out, "a+b");
}

static void
refuses_bad_escapes(void **state)
{
	static const char *const bad[] = { "%", "a%", "a%2", "%g0", "%0g", "%%30", "% 1",
		"%-1", "%+1", "%0x" };
	char out[16];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(decode(out, sizeof(out), bad[i]), -1);
}

static void
refuses_a_nul(void **state)
{
	char out[16];

	(void)state;
	assert_int_equal(decode(out, sizeof(out), "a%00b"), -1);
}

static void
fills_the_room_and_refuses_one_more(void **state)
{
	char out[4];

	(void)state;
	assert_int_equal(decode(out, sizeof(out), "ab%63"), 0);
	assert_string_equal(out, "abc");
	assert_int_equal(decode(out, sizeof(out), "abcd"), -1);
	assert_int_equal(decode(out, sizeof(out), "ab%63%64"), -1);
}

static void
reads_no_further_than_the_length(void **state)
{
	struct error err = { 0 };
	char out[8];

	(void)state;
	assert_int_equal(url_decode(out, sizeof(out), "ab%41", 2, &err), 0);
	assert_string_equal(out, "ab");
	assert_int_equal(url_decode(out, sizeof(out), "ab%41", 4, &err), -1);
}

static int
get(const char *query, const char *name, char *out, size_t size, bool *found)
{
	struct error err = { 0 };

	return query_get(query, name, out, size, found, &err);
}

static void
finds_a_name_among_others(void **state)
{
	char out[16];
	bool found;

	(void)state;
	assert_int_equal(get("a=1&bb=2%20&c=3", "bb", out, sizeof(out), &found), 0);
	assert_true(found);
	assert_string_equal(out, "2 ");
	assert_int_equal(get("a=1&bb=2&c=", "c", out, sizeof(out), &found), 0);
	assert_true(found);
	assert_string_equal(out, "");
	assert_int_equal(get("a=b=c", "a", out, sizeof(out), &found), 0);
	assert_string_equal(out, "b=c");
}

static void
gives_one_value_after_another(void **state)
{
	const char *query = "n=1&m=x&n=%32&n&nn=3&n=";
	static const char *const values[] = { "1", "2", "", "" };
	char out[16];

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		assert_int_equal(query_next(&query, "n", out, sizeof(out), NULL), 0);
		assert_non_null(query);
		assert_string_equal(out, values[i]);
	}
	assert_int_equal(query_next(&query, "n", out, sizeof(out), NULL), 0);
	assert_null(query);
	query = "a=1&n=%3";
	assert_int_equal(query_next(&query, "n", out, sizeof(out), NULL), -1);
}

static void
tells_absence_from_emptiness(void **state)
{
	char out[16] = "untouched";
	bool found;

	(void)state;
	assert_int_equal(get("", "a", out, sizeof(out), &found), 0);
	assert_false(found);
	assert_int_equal(get("ab=1&ba=2", "a", out, sizeof(out), &found), 0);
	assert_false(found);
	assert_string_equal(out, "untouched");
	assert_int_equal(get("a", "a", out, sizeof(out), &found), 0);
	assert_true(found);
	assert_string_equal(out, "");
	assert_int_equal(get("a&b=1", "a", out, sizeof(out), &found), 0);
	assert_true(found);
	assert_string_equal(out, "");
}

static void
refuses_a_name_given_twice(void **state)
{
	char out[16];
	bool found;

	(void)state;
	assert_int_equal(get("a=1&a=1", "a", out, sizeof(out), &found), -1);
	assert_int_equal(get("a&b=2&a", "a", out, sizeof(out), &found), -1);
}

static void
refuses_bad_and_overlong_values(void **state)
{
	char out[4];
	bool found;

	(void)state;
	assert_int_equal(get("a=%zz", "a", out, sizeof(out), &found), -1);
	assert_int_equal(get("a=%2&b=0", "a", out, sizeof(out), &found), -1);
	assert_int_equal(get("a=1234", "a", out, sizeof(out), &found), -1);
}

static void
allows_only_the_names_of_the_resource(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_int_equal(query_check("", NULL, &err), 0);
	assert_int_equal(query_check("", "a b", &err), 0);
	assert_int_equal(query_check("a=1&b", "a b", &err), 0);
	assert_int_equal(query_check("a=1&c=2", "a b", &err), -1);
	assert_int_equal(err.code, ERROR_BAD_REQUEST);
	assert_non_null(strstr(err.text, "\"c\""));
	assert_int_equal(query_check("a=1", NULL, &err), -1);
	assert_int_equal(query_check("=1", "a b", &err), -1);
	assert_int_equal(query_check("a&&b", "a b", &err), -1);
	assert_int_equal(query_check("ab=1", "a b", &err), -1);
	assert_int_equal(query_check("%61=1", "a b", &err), -1);
}

static void
names_an_overlong_parameter_in_part(void **state)
{
	struct error err = { 0 };
	char query[2000];

	(void)state;
	memset(query, 'x', sizeof(query) - 1);
	query[sizeof(query) - 1] = '\0';
	assert_int_equal(query_check(query, "a", &err), -1);
	assert_true(strlen(err.text) < 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_escapes_of_either_case),
		cmocka_unit_test(leaves_a_plus_as_it_is),
		cmocka_unit_test(refuses_bad_escapes),
		cmocka_unit_test(refuses_a_nul),
		cmocka_unit_test(fills_the_room_and_refuses_one_more),
		cmocka_unit_test(reads_no_further_than_the_length),
		cmocka_unit_test(finds_a_name_among_others),
		cmocka_unit_test(gives_one_value_after_another),
		cmocka_unit_test(tells_absence_from_emptiness),
		cmocka_unit_test(refuses_a_name_given_twice),
		cmocka_unit_test(refuses_bad_and_overlong_values),
		cmocka_unit_test(allows_only_the_names_of_the_resource),
		cmocka_unit_test(names_an_overlong_parameter_in_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
