/* test_problem.c - what a client sees of an error. */
#include "api/problem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ca/violation.h"

#define TEXT "what was wrong, and where"

static void
respond(struct response *res, enum error_code code, const char *text,
    const struct violations *violations)
{
	struct error err = { 0 };

	error_set(&err, code, "%s", text);
	response_init(res);
	problem_respond(res, &err, violations);
	assert_string_equal(res->content_type, "application/problem+json");
}

static bool
body_has(const struct response *res, const char *text)
{
	return strstr(buf_string(&res->body), text) != NULL;
}

/* docs/api.md, "Errors". */
static const struct {
	enum error_code code;
	int status;
	const char *type;
} documented[] = {
	{ ERROR_NONE, 500, "internal" },
	{ ERROR_BAD_REQUEST, 400, "bad-request" },
	{ ERROR_UNAUTHENTICATED, 401, "unauthenticated" },
	{ ERROR_CREDENTIAL, 401, "invalid-token" },
	{ ERROR_FORBIDDEN, 403, "forbidden" },
	{ ERROR_NOT_FOUND, 404, "not-found" },
	{ ERROR_CONFLICT, 409, "conflict" },
	{ ERROR_PRECONDITION, 412, "precondition-failed" },
	{ ERROR_IN_FLIGHT, 409, "in-flight" },
	{ ERROR_KEY_REUSED, 422, "idempotency-key-reused" },
	{ ERROR_TOO_LARGE, 413, "too-large" },
	{ ERROR_UNSUPPORTED, 415, "unsupported" },
	{ ERROR_UNACCEPTABLE, 406, "not-acceptable" },
	{ ERROR_REFUSED, 422, "refused" },
	{ ERROR_LIMITED, 429, "rate-limited" },
	{ ERROR_LOCKED_OUT, 429, "too-many-failures" },
	{ ERROR_BUSY, 503, "busy" },
	{ ERROR_TIMEOUT, 503, "token" },
	{ ERROR_TOKEN, 503, "token" },
	{ ERROR_LOGGED_OUT, 503, "token" },
	{ ERROR_AWAY, 503, "token" },
	{ ERROR_PIN, 503, "token" },
	{ ERROR_STORAGE, 507, "storage" },
	{ ERROR_UNRECORDED, 503, "unrecorded" },
	{ ERROR_TAMPERED, 500, "internal" },
	{ ERROR_CONFIG, 500, "internal" },
	{ ERROR_IO, 500, "internal" },
	{ ERROR_INTERNAL, 500, "internal" },
};
#define DOCUMENTED (sizeof(documented) / sizeof(documented[0]))

static void
gives_every_error_its_status_and_type(void **state)
{
	(void)state;
	/* A code that is added to error.h must be added here and there. */
	assert_int_equal(DOCUMENTED, ERROR_INTERNAL + 1);
	for (size_t i = 0; i < DOCUMENTED; i++) {
		char type[64], status[32];
		struct response res;

		respond(&res, documented[i].code, TEXT, NULL);
		snprintf(type, sizeof(type), "\"type\":\"urn:keyhold:error:%s\"",
		    documented[i].type);
		snprintf(status, sizeof(status), "\"status\":%d,", documented[i].status);
		assert_int_equal(documented[i].code, i);
		assert_int_equal(res.status, documented[i].status);
		assert_int_equal(
		    problem_status(documented[i].code), documented[i].status);
		assert_true(body_has(&res, type));
		assert_true(body_has(&res, status));
		assert_true(body_has(&res, "\"title\":\""));
		assert_false(body_has(&res, "violations"));
		response_free(&res);
	}
}

static void
tells_what_the_client_did_and_hides_what_we_did(void **state)
{
	(void)state;
	for (size_t i = 0; i < DOCUMENTED; i++) {
		struct response res;

		respond(&res, documented[i].code, TEXT, NULL);
		assert_int_equal(body_has(&res, TEXT), documented[i].status != 500);
		response_free(&res);
	}
}

static void
asks_to_come_back_where_that_may_help(void **state)
{
	(void)state;
	for (size_t i = 0; i < DOCUMENTED; i++) {
		struct response res;

		respond(&res, documented[i].code, TEXT, NULL);
		assert_int_equal(res.retry_after_s > 0,
		    documented[i].status == 503 || documented[i].status == 429 ||
			documented[i].code == ERROR_IN_FLIGHT);
		assert_int_equal(res.challenge != NULL, documented[i].status == 401);
		response_free(&res);
	}
}

static void
replaces_an_answer_that_was_half_made(void **state)
{
	const struct error err = { ERROR_TOKEN, TEXT };
	struct response res;

	(void)state;
	response_init(&res);
	res.status = 201;
	snprintf(res.location, sizeof(res.location), "/v1/keys/web");
	snprintf(res.link, sizeof(res.link), "<next>");
	snprintf(res.etag, sizeof(res.etag), "\"7\"");
	snprintf(res.cache_control, sizeof(res.cache_control), "public, max-age=600");
	res.last_modified = 1;
	res.expires = 1;
	buf_text(&res.body, "half");
	problem_respond(&res, &err, NULL);
	assert_int_equal(res.status, 503);
	assert_string_equal(res.location, "");
	assert_string_equal(res.link, "");
	assert_string_equal(res.etag, "");
	assert_string_equal(res.cache_control, "");
	assert_int_equal(res.last_modified, 0);
	assert_int_equal(res.expires, 0);
	assert_int_equal(buf_string(&res.body)[0], '{');
	response_free(&res);
}

static void
lists_each_broken_rule(void **state)
{
	struct violations v = { 0 };
	struct response res;

	(void)state;
	violations_add(&v, RULE_CN_LENGTH, "subject CN", "%s", "65 characters");
	violations_add(&v, RULE_SAN_WILDCARD, "san[1]", "%s", "*.example");
	respond(&res, ERROR_REFUSED, TEXT, &v);
	assert_int_equal(res.status, 422);
	assert_true(body_has(&res,
	    "\"violations\":[{\"rule\":\"cn-length\",\"field\":\"subject CN\","
	    "\"detail\":\"65 characters\",\"source\":\"RFC 5280 appendix A.1 "
	    "(ub-common-name)\"},{\"rule\":\"san-wildcard\","));
	response_free(&res);
}

static void
describes_text_of_any_bytes(void **state)
{
	static const char *const texts[] = { "not UTF-8: \xff\xfe", "cut short: \xc3",
		"controls: \x01\x1b[31m\n", "quotes: \" \\" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct response res;

		respond(&res, ERROR_BAD_REQUEST, texts[i], NULL);
		assert_true(body_has(&res, "\"status\":400"));
		assert_true(body_has(&res, "\"detail\":\""));
		response_free(&res);
	}
}

static void
names_the_methods_of_a_resource(void **state)
{
	struct response res;

	(void)state;
	response_init(&res);
	problem_method(&res, "GET, DELETE");
	assert_int_equal(res.status, 405);
	assert_string_equal(res.allow, "GET, DELETE");
	assert_true(body_has(&res, "urn:keyhold:error:method-not-allowed"));
	assert_string_equal(res.content_type, "application/problem+json");
	response_free(&res);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_every_error_its_status_and_type),
		cmocka_unit_test(tells_what_the_client_did_and_hides_what_we_did),
		cmocka_unit_test(asks_to_come_back_where_that_may_help),
		cmocka_unit_test(replaces_an_answer_that_was_half_made),
		cmocka_unit_test(lists_each_broken_rule),
		cmocka_unit_test(describes_text_of_any_bytes),
		cmocka_unit_test(names_the_methods_of_a_resource),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
