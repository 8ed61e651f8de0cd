/* test_conditional.c - 304 for what a client has, 412 for what has changed. */
#include "api/conditional.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"

#define ETAG "\"7\""
#define WHEN INT64_C(1800000000)

static bool
is_not_modified(const char *if_none_match, const char *if_modified_since)
{
	const struct request req = { .if_none_match = if_none_match,
		.if_modified_since = if_modified_since };
	struct response res;
	bool fresh;

	response_init(&res);
	fresh = conditional_not_modified(&req, &res, ETAG, WHEN);
	assert_string_equal(res.etag, ETAG);
	assert_int_equal(res.last_modified, WHEN);
	assert_int_equal(res.status, fresh ? 304 : 500);
	response_free(&res);
	return fresh;
}

static void
sends_nothing_that_the_client_has(void **state)
{
	(void)state;
	assert_true(is_not_modified(ETAG, NULL));
	assert_true(is_not_modified("W/" ETAG, NULL));
	assert_true(is_not_modified("\"6\", " ETAG, NULL));
	assert_true(is_not_modified("*", NULL));
}

static void
sends_what_the_client_does_not_have(void **state)
{
	(void)state;
	assert_false(is_not_modified(NULL, NULL));
	assert_false(is_not_modified("\"6\"", NULL));
	assert_false(is_not_modified("\"77\"", NULL));
	assert_false(is_not_modified("7", NULL));
	assert_false(is_not_modified("", NULL));
}

static void
goes_by_the_date_without_a_tag(void **state)
{
	char date[CLOCK_HTTP_SIZE], earlier[CLOCK_HTTP_SIZE];

	(void)state;
	clock_http_format(date, WHEN);
	clock_http_format(earlier, WHEN - 1);
	assert_true(is_not_modified(NULL, date));
	assert_false(is_not_modified(NULL, earlier));
	assert_false(is_not_modified(NULL, "yesterday"));
	assert_false(is_not_modified("\"6\"", date));
}

static int
check(const char *if_match, const char *if_none_match, const char *etag)
{
	const struct request req = { .if_match = if_match,
		.if_none_match = if_none_match };
	struct error err = { 0 };
	int rc = conditional_check(&req, etag, &err);

	assert_int_equal(err.code, rc == 0 ? ERROR_NONE : ERROR_PRECONDITION);
	return rc;
}

static void
changes_the_state_that_was_named(void **state)
{
	(void)state;
	assert_int_equal(check(NULL, NULL, ETAG), 0);
	assert_int_equal(check(ETAG, NULL, ETAG), 0);
	assert_int_equal(check("*", NULL, ETAG), 0);
	assert_int_equal(check(NULL, "*", NULL), 0);
}

static void
leaves_another_state_alone(void **state)
{
	(void)state;
	assert_int_equal(check("\"6\"", NULL, ETAG), -1);
	assert_int_equal(check(ETAG, NULL, NULL), -1);
	assert_int_equal(check("*", NULL, NULL), -1);
	assert_int_equal(check(NULL, "*", ETAG), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sends_nothing_that_the_client_has),
		cmocka_unit_test(sends_what_the_client_does_not_have),
		cmocka_unit_test(goes_by_the_date_without_a_tag),
		cmocka_unit_test(changes_the_state_that_was_named),
		cmocka_unit_test(leaves_another_state_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
