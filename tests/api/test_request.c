/* test_request.c - media types of a request, and what Accept prefers. */
#include "api/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char *const types[] = { "application/x-pem-file", "application/json", NULL };

static const char *
preferred(const char *accept)
{
	const struct request req = { .accept = accept };

	return request_prefers(&req, types);
}

static bool
has_type(const char *content_type, const char *type)
{
	const struct request req = { .content_type = content_type };

	return request_has_type(&req, type);
}

static void
compares_types_without_case_and_parameters(void **state)
{
	(void)state;
	assert_true(has_type("application/json", "application/json"));
	assert_true(has_type("Application/JSON", "application/json"));
	assert_true(has_type("application/json;charset=utf-8", "application/json"));
	assert_true(has_type("application/json ; charset=utf-8", "application/json"));
}

static void
takes_no_type_for_another(void **state)
{
	(void)state;
	assert_false(has_type(NULL, "application/json"));
	assert_false(has_type("", "application/json"));
	assert_false(has_type("application/jso", "application/json"));
	assert_false(has_type("application/json5", "application/json"));
	assert_false(has_type("text/plain;application/json", "application/json"));
	assert_false(has_type("*/*", "application/json"));
}

static void
prefers_the_first_without_a_wish(void **state)
{
	(void)state;
	assert_ptr_equal(preferred(NULL), types[0]);
	assert_ptr_equal(preferred(""), types[0]);
	assert_ptr_equal(preferred("*/*"), types[0]);
	assert_ptr_equal(preferred("application/*"), types[0]);
	assert_ptr_equal(preferred("APPLICATION/*;q=0.5"), types[0]);
}

static void
prefers_what_is_named(void **state)
{
	(void)state;
	assert_ptr_equal(preferred("application/json"), types[1]);
	assert_ptr_equal(preferred("Application/Json;q=0.9"), types[1]);
	assert_ptr_equal(preferred("text/html, application/json"), types[1]);
	assert_ptr_equal(preferred("text/html,\tapplication/json , */*"), types[1]);
	assert_ptr_equal(preferred("application/json, application/x-pem-file"), types[1]);
	assert_ptr_equal(preferred("application/json, */*;q=0.1"), types[1]);
}

static void
finds_nothing_to_send(void **state)
{
	(void)state;
	assert_null(preferred("text/html"));
	assert_null(preferred("text/*"));
	assert_null(preferred("application/jso"));
	assert_null(preferred("application"));
	assert_null(preferred("*"));
	assert_null(preferred(","));
	assert_null(preferred(" , ;, \t"));
	assert_null(preferred("text/html;x=application/json"));
}

static void
answers_500_until_told_otherwise(void **state)
{
	struct response res;

	(void)state;
	response_init(&res);
	assert_int_equal(res.status, 500);
	assert_null(res.content_type);
	assert_int_equal(res.body.len, 0);
	response_free(&res);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compares_types_without_case_and_parameters),
		cmocka_unit_test(takes_no_type_for_another),
		cmocka_unit_test(prefers_the_first_without_a_wish),
		cmocka_unit_test(prefers_what_is_named),
		cmocka_unit_test(finds_nothing_to_send),
		cmocka_unit_test(answers_500_until_told_otherwise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
