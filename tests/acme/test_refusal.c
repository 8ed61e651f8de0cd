/* test_refusal.c - problem documents as lines: all of them, and nothing that moves a
 * cursor. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "acme/refusal.h"

static struct refusal refusal;
static struct buffer lines;

static void
parse(const char *body, long status)
{
	struct buffer text;

	buf_free(&lines);
	buf_init(&lines, REFUSAL_TEXT_MAX);
	buf_init(&text, 0);
	buf_text(&text, body);
	refusal_parse(&text, status, &refusal, &lines);
	buf_free(&text);
}

/* The example of RFC 8555 section 6.7.1. */
static void
everything_of_a_document_is_shown(void **state)
{
	(void)state;
	parse("{\"type\":\"urn:ietf:params:acme:error:malformed\","
	      "\"detail\":\"Some of the identifiers requested were rejected\","
	      "\"instance\":\"https://a.example/doc\",\"status\":400,"
	      "\"subproblems\":[{\"type\":\"urn:ietf:params:acme:error:malformed\","
	      "\"detail\":\"Invalid underscore in DNS name\","
	      "\"identifier\":{\"type\":\"dns\",\"value\":\"_example.org\"}},"
	      "{\"type\":\"urn:ietf:params:acme:error:rejectedIdentifier\","
	      "\"detail\":\"No\"}]}",
	    400);
	assert_string_equal(buf_string(&lines),
	    "type: urn:ietf:params:acme:error:malformed\n"
	    "detail: Some of the identifiers requested were rejected\n"
	    "instance: https://a.example/doc\n"
	    "status: 400\n"
	    "subproblem of dns _example.org:\n"
	    "  type: urn:ietf:params:acme:error:malformed\n"
	    "  detail: Invalid underscore in DNS name\n"
	    "subproblem:\n"
	    "  type: urn:ietf:params:acme:error:rejectedIdentifier\n"
	    "  detail: No\n");
	assert_true(refusal_is(&refusal, "malformed"));
	assert_string_equal(
	    refusal.detail, "Some of the identifiers requested were rejected");
}

static void
a_type_of_others_is_kept_whole(void **state)
{
	(void)state;
	parse("{\"type\":\"about:blank\"}", 400);
	assert_true(refusal_is(&refusal, "about:blank"));
	assert_false(refusal_is(&refusal, "blank"));
}

static void
a_long_detail_is_cut_in_one_line_only(void **state)
{
	char body[2000];
	size_t len;

	(void)state;
	len = (size_t)snprintf(body, sizeof(body), "{\"detail\":\"");
	memset(body + len, 'x', 1000);
	snprintf(body + len + 1000, 8, "\"}");
	parse(body, 400);
	assert_int_equal(strlen(refusal.detail), sizeof(refusal.detail) - 1);
	assert_int_equal(lines.len, strlen("detail: \n") + 1000);
}

static void
control_characters_do_not_pass(void **state)
{
	(void)state;
	parse("{\"type\":\"x\\u001b[2J\",\"detail\":\"a\\nb\\u009b1m\",\"subproblems\":"
	      "[{\"identifier\":{\"type\":\"dns\\r\",\"value\":\"\\u0007\"}}]}",
	    400);
	assert_string_equal(
	    buf_string(&lines), "type: x?[2J\ndetail: a?b?1m\nsubproblem of dns? ?:\n");
	assert_string_equal(refusal.type, "x?[2J");
	assert_string_equal(refusal.detail, "a?b?1m");
}

static void
what_is_no_document_is_shown_too(void **state)
{
	(void)state;
	parse("<html>\nbusy</html>", 502);
	assert_string_equal(buf_string(&lines),
	    "HTTP status 502, and no problem document: <html>?busy</html>\n");
	assert_string_equal(refusal.detail, "HTTP status 502");
	parse("a\x1b[1mb\x9b"
	      "1mc\xc3\xa4",
	    500);
	assert_non_null(strstr(buf_string(&lines), ": a?[1mb?1mc\xc3\xa4\n"));
	parse("", 500);
	assert_non_null(strstr(buf_string(&lines), "HTTP status 500"));
	parse("[]", 500);
	assert_non_null(strstr(buf_string(&lines), "no problem document"));
	parse("{\"type\":7,\"detail\":[],\"subproblems\":{}}", 400);
	assert_string_equal(buf_string(&lines), "the server did not say why\n");
}

static void
a_program_is_told_whether_to_try_again(void **state)
{
	static const struct {
		const char *type;
		long status;
		enum error_code code;
	} cases[] = {
		{ "rateLimited", 403, ERROR_LIMITED },
		{ "", 429, ERROR_LIMITED },
		{ "accountDoesNotExist", 400, ERROR_NOT_FOUND },
		{ "unauthorized", 401, ERROR_FORBIDDEN },
		{ "serverInternal", 500, ERROR_BUSY },
		{ "rejectedIdentifier", 400, ERROR_REFUSED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(refusal.type, sizeof(refusal.type), "%s", cases[i].type);
		assert_int_equal(refusal_code(&refusal, cases[i].status), cases[i].code);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_of_a_document_is_shown),
		cmocka_unit_test(a_type_of_others_is_kept_whole),
		cmocka_unit_test(a_long_detail_is_cut_in_one_line_only),
		cmocka_unit_test(control_characters_do_not_pass),
		cmocka_unit_test(what_is_no_document_is_shown_too),
		cmocka_unit_test(a_program_is_told_whether_to_try_again),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	buf_free(&lines);
	return failed;
}
