/* test_access.c - access list and check. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/cli/run.h"

#define RULE                                                                             \
	"{\"number\":2,\"line\":31,\"who\":\"unix:www-data\",\"may\":[\"use\",\"read\"]" \
	","                                                                              \
	"\"keys\":[\"web\",\"api-*\"],\"names\":[\"a\\u001b\\\"b\"],\"rate\":5}"
#define RULE_TEXT                                                                        \
	"rule 2 (line 31): { who: \"unix:www-data\", may: [use, read], keys: [web, "     \
	"\"api-*\"], names: [\"a\\u001b\\\"b\"], rate: 5 }\n"
#define DECISION "GET /v1/access/decision?who="

static const struct route routes[] = {
	{ "GET /v1/access ", 200, JSON,
	    "{\"loaded\":\"2026-01-31T23:59:59Z\",\"sha256\":\"00ff\",\"rules\":[" RULE
	    "]}",
	    NULL },
	{ DECISION "unix%3Awww-data&may=use&key=web ", 200, JSON,
	    "{\"allowed\":true,\"who\":\"unix:www-data\",\"groups\":[\"www-data\","
	    "\"ssl\"],"
	    "\"rule\":" RULE "}",
	    NULL },
	{ DECISION
	    "cert%3Adns%3Aci.example&may=issue&issuer=internal&profile=server&name=a."
	    "example&name=10.0.0.1 ",
	    200, JSON,
	    "{\"allowed\":false,\"who\":\"cert:dns:ci.example\",\"why\":\"may not\"}",
	    NULL },
	{ DECISION "token%3Aops&may=admin ", 403, PROBLEM,
	    "{\"type\":\"urn:keyhold:error:forbidden\",\"title\":\"Forbidden\","
	    "\"status\":"
	    "403,\"detail\":\"uid:6 lacks the right read\"}",
	    NULL },
	{ NULL, 0, NULL, NULL, NULL },
};

static int
set_up(void **state)
{
	return run_new(state, routes);
}

static void
lists_rules_as_they_stand_in_the_file(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "access", "list", NULL);
	assert_int_equal(run->status, 0);
	assert_string_equal(
	    run->out, "loaded       2026-01-31T23:59:59Z\nfile sha256  00ff\n" RULE_TEXT);
}

static void
says_yes_and_by_which_rule(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "access", "check", "--who", "unix:www-data", "--may", "use",
	    "--key", "web", NULL);
	assert_int_equal(run->status, 0);
	assert_string_equal(
	    run->out, "yes: " RULE_TEXT "unix:www-data is in: www-data, ssl\n");
}

static void
says_no_by_its_exit_status_too(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "access", "check", "--who", "cert:dns:ci.example", "--may",
	    "issue", "--issuer", "internal", "--profile", "server", "--name", "a.example",
	    "--name", "10.0.0.1", NULL);
	assert_int_equal(run->status, 1);
	assert_string_equal(run->out, "no: may not\n");
	assert_string_equal(run->errors, "");
	run_keyhold(run, "access", "check", "--who", "cert:dns:ci.example", "--may",
	    "issue", "--issuer", "internal", "--profile", "server", "--name", "a.example",
	    "--name", "10.0.0.1", "--json", NULL);
	assert_int_equal(run->status, 1);
	assert_non_null(strstr(run->out, "\"allowed\": false"));
}

static void
a_refused_question_is_no_answer(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "access", "check", "--who", "token:ops", "--may", "admin", NULL);
	assert_int_equal(run->status, 1);
	assert_string_equal(run->out, "");
	assert_non_null(strstr(run->errors, "uid:6 lacks the right read"));
	run_keyhold(run, "access", "check", "--who", "token:ops", "--may", "sign", NULL);
	assert_int_equal(run->status, 2);
	run_keyhold(run, "access", "check", "--may", "use", NULL);
	assert_int_equal(run->status, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_rules_as_they_stand_in_the_file),
		cmocka_unit_test(says_yes_and_by_which_rule),
		cmocka_unit_test(says_no_by_its_exit_status_too),
		cmocka_unit_test(a_refused_question_is_no_answer),
	};

	return cmocka_run_group_tests(tests, set_up, run_free);
}
