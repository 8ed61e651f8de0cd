/* What a problem document says, as an error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rest/rest.h"

static void
check(int status, const char *body, enum error_code code, const char *text)
{
	struct error err = { .code = ERROR_NONE };
	struct rest rest;

	rest_init(&rest, 0);
	rest.res.status = status;
	buf_text(&rest.res.body, body);
	assert_int_equal(rest_check(&rest, "/v1/keys/web", &err), -1);
	assert_int_equal(err.code, code);
	assert_string_equal(err.text, text);
	rest_clear(&rest);
}

static void
says_what_the_daemon_said(void **state)
{
	(void)state;
	check(409, "{\"title\":\"Conflict\",\"detail\":\"key web exists\"}",
	    ERROR_CONFLICT, "key web exists");
	check(404, "{\"title\":\"Not Found\"}", ERROR_NOT_FOUND, "Not Found");
	check(422, "{\"detail\":\"x\",\"violations\":[{},{}]}", ERROR_REFUSED,
	    "refused: 2 rules are broken");
}

static void
says_what_it_can_of_an_answer_without_a_problem_document(void **state)
{
	(void)state;
	check(502, "<html>", ERROR_INTERNAL, "keyholdd answered 502 to /v1/keys/web");
	check(418, "{}", ERROR_BAD_REQUEST, "keyholdd answered 418 to /v1/keys/web");
}

static void
a_success_is_no_problem(void **state)
{
	struct error err = { .code = ERROR_NONE };
	struct rest rest;

	(void)state;
	rest_init(&rest, 0);
	rest.res.status = 204;
	assert_int_equal(rest_check(&rest, "/v1/keys/web", &err), 0);
	rest.res.status = 301;
	assert_int_equal(rest_check(&rest, "/v1/keys/web", &err), -1);
	rest_clear(&rest);
}

static void
refuses_an_answer_that_is_no_object(void **state)
{
	struct error err = { .code = ERROR_NONE };
	json_t *answer = NULL;
	struct rest rest;

	(void)state;
	rest_init(&rest, 0);
	buf_text(&rest.res.body, "[]");
	assert_int_equal(rest_answer(&rest, &answer, &err), -1);
	assert_int_equal(err.code, ERROR_INTERNAL);
	assert_null(answer);
	rest_clear(&rest);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_the_daemon_said),
		cmocka_unit_test(
		    says_what_it_can_of_an_answer_without_a_problem_document),
		cmocka_unit_test(a_success_is_no_problem),
		cmocka_unit_test(refuses_an_answer_that_is_no_object),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
