/* test_problem.c - an answer that is not 2xx, as an error. */
#include "provider/problem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "client/client.h"

static struct error
error_of(int status, const char *body)
{
	struct error err = { 0 };
	struct client_response res = { .status = status };

	buf_init(&res.body, 0);
	buf_text(&res.body, body);
	assert_int_equal(problem_to_error(&res, &err), -1);
	buf_free(&res.body);
	return err;
}

static void
gives_each_status_its_code(void **state)
{
	static const struct {
		int status;
		enum error_code code;
	} table[] = {
		{ 400, ERROR_BAD_REQUEST },
		{ 403, ERROR_FORBIDDEN },
		{ 404, ERROR_NOT_FOUND },
		{ 409, ERROR_BAD_REQUEST },
		{ 413, ERROR_TOO_LARGE },
		{ 415, ERROR_UNSUPPORTED },
		{ 422, ERROR_BAD_REQUEST },
		{ 500, ERROR_INTERNAL },
		{ 503, ERROR_TOKEN },
		{ 301, ERROR_BAD_REQUEST },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_int_equal(error_of(table[i].status, "").code, table[i].code);
}

static void
quotes_the_detail(void **state)
{
	struct error err = error_of(404, "{\"type\": \"about:blank\", \"status\": 404, "
					 "\"detail\": \"no key named web\"}");

	(void)state;
	assert_string_equal(err.text, "keyholdd answered 404: no key named web");
}

static void
names_the_status_alone_without_a_detail(void **state)
{
	static const char *const bodies[] = { "", "{}", "<html>", "\"detail\"",
		"\"detail\":", "\"detail\": 5", "{\"detail\": \"\"}" };

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		assert_string_equal(
		    error_of(500, bodies[i]).text, "keyholdd answered 500");
}

/* It goes into the log of somebody's proxy. */
static void
leaves_out_escapes_and_control_characters(void **state)
{
	struct error err =
	    error_of(400, "{\"detail\":\"a \\\"b\\\" \x1b[1m\nc\x7f\\\\\"}");

	(void)state;
	assert_string_equal(err.text, "keyholdd answered 400: a \"b\" [1mc\\");
}

static void
an_unfinished_detail_ends_with_the_body(void **state)
{
	(void)state;
	assert_string_equal(
	    error_of(400, "{\"detail\":\"cut").text, "keyholdd answered 400: cut");
	assert_string_equal(
	    error_of(400, "{\"detail\":\"cut\\").text, "keyholdd answered 400: cut\\");
}

static void
cuts_a_long_detail(void **state)
{
	char body[4000] = "{\"detail\":\"";
	struct error err;

	(void)state;
	memset(body + strlen(body), 'x', sizeof(body) - strlen(body) - 1);
	err = error_of(400, body);
	assert_in_range(strlen(err.text), 100, ERROR_TEXT_MAX - 1);
}

static void
reads_no_further_than_a_nul(void **state)
{
	static const char body[] = "{}\0\"detail\": \"hidden\"";
	struct client_response res = { .status = 500 };
	struct error err = { 0 };

	(void)state;
	buf_init(&res.body, 0);
	buf_append(&res.body, body, sizeof(body) - 1);
	assert_int_equal(problem_to_error(&res, &err), -1);
	assert_string_equal(err.text, "keyholdd answered 500");
	buf_free(&res.body);
}

static void
has_room_for_the_requests_id(void **state)
{
	struct client_response res = { .status = 403,
		.request_id = "3f9c1a2e-ffffffffffffffff" };
	struct error err = { 0 };

	(void)state;
	buf_init(&res.body, 0);
	assert_int_equal(problem_to_error(&res, &err), -1);
	assert_string_equal(
	    err.text, "keyholdd answered 403 (request 3f9c1a2e-ffffffffffffffff)");
	buf_text(&res.body, "{\"detail\":\"");
	for (int i = 0; i < 300; i++)
		buf_text(&res.body, "x");
	assert_int_equal(problem_to_error(&res, &err), -1);
	assert_non_null(strstr(err.text, "xxx (request 3f9c1a2e-ffffffffffffffff)"));
	buf_free(&res.body);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_each_status_its_code),
		cmocka_unit_test(quotes_the_detail),
		cmocka_unit_test(names_the_status_alone_without_a_detail),
		cmocka_unit_test(has_room_for_the_requests_id),
		cmocka_unit_test(leaves_out_escapes_and_control_characters),
		cmocka_unit_test(an_unfinished_detail_ends_with_the_body),
		cmocka_unit_test(cuts_a_long_detail),
		cmocka_unit_test(reads_no_further_than_a_nul),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
