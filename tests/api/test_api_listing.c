/* test_api_listing.c - GET /v1/certificates: filters and pages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/api/fixture.h"

static struct buffer csr;

static void
issue(struct fixture *f)
{
	assert_int_equal(
	    send_bytes(f, "POST", "/v1/issuers/internal/certificates?profile=server",
		PKCS10, buf_bytes(&csr)),
	    201);
}

static int
setup(void **state)
{
	struct fixture *f;

	if (fixture_open(state) != 0)
		return -1;
	f = *state;
	make_issuer(f, "root", NULL);
	make_issuer(f, "internal", "root");
	make_key(f, "web", "ec-p256", "tls");
	post_json(f, "/v1/keys/web/csr", "{\"sans\":[\"localhost\",\"127.0.0.1\"]}");
	buf_init(&csr, 0);
	buf_append(&csr, f->res.body.data, f->res.body.len);
	issue(f);
	issue(f);
	return 0;
}

static int
teardown(void **state)
{
	buf_free(&csr);
	return fixture_close(state);
}

static size_t
count(struct fixture *f)
{
	assert_int_equal(get(f, "/v1/certificates?limit=1000&issuer=internal"), 200);
	return list_size(f, "certificates");
}

static void
lists_what_a_filter_lets_through(void **state)
{
	static const struct {
		const char *query;
		bool all;
	} cases[] = {
		{ "issuer=internal", true },
		{ "status=valid&issuer=internal", true },
		{ "status=expired", false },
		{ "status=revoked", false },
		{ "san=localhost", true },
		{ "san=127.0.0.1", true },
		{ "san=local", false },
		{ "expires_before=2999-01-01T00:00:00Z&issuer=internal", true },
		{ "expires_before=2001-01-01T00%3A00%3A00Z", false },
		{ "issuer=internal&status=valid&san=localhost", true },
		{ "cursor=9223372036854775807", false },
	};
	struct fixture *f = *state;
	size_t all = count(f);
	char target[128];

	assert_true(all > 0);
	assert_false(body_has(f, "BEGIN CERTIFICATE"));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(target, sizeof(target), "/v1/certificates?limit=1000&%s",
		    cases[i].query);
		assert_int_equal(get(f, target), 200);
		assert_int_equal(list_size(f, "certificates"), cases[i].all ? all : 0);
		assert_string_equal(f->res.link, "");
	}
}

static void
refuses_filters_it_does_not_understand(void **state)
{
	static const char *const queries[] = { "limit=0", "limit=1001",
		"limit=", "limit=a", "limit=-1", "limit=%2b1", "cursor=a", "cursor=-1",
		"cursor=9223372036854775808", "status=", "status=Valid",
		"status=reserved", "expires_before=tomorrow", "expires_before=2026-01-31",
		"expires_before=", "issuer=a&issuer=a", "name=a", "san=%zz",
		"limit=1&limit=1" };
	struct fixture *f = *state;
	char target[128];

	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		snprintf(target, sizeof(target), "/v1/certificates?%s", queries[i]);
		get(f, target);
		assert_problem(f, 400, "bad-request");
	}
}

static void
says_of_which_issuer_there_is_none(void **state)
{
	struct fixture *f = *state;

	get(f, "/v1/certificates?issuer=nobody&expires_before=2999-01-01T00:00:00Z");
	assert_problem(f, 404, "not-found");
	assert_true(body_has(f, "no issuer nobody"));
	get(f, "/v1/certificates?issuer=%ff");
	assert_problem(f, 404, "not-found");
}

/* Follows rel="next"; false at the end. */
static bool
follow(const struct fixture *f, char target[static 512])
{
	size_t len = strcspn(f->res.link, ">");

	if (f->res.link[0] == '\0')
		return false;
	assert_int_equal(f->res.link[0], '<');
	assert_string_equal(f->res.link + len, ">; rel=\"next\"");
	snprintf(target, 512, "%.*s", (int)len - 1, f->res.link + 1);
	return true;
}

static void
pages_through_all_certificates_once(void **state)
{
	struct fixture *f = *state;
	size_t all, seen = 0;
	char target[512] = "/v1/certificates?limit=2&san=%6cocalhost&status=valid",
	     last[64];

	for (int i = 0; i < 3; i++)
		issue(f);
	snprintf(
	    last, sizeof(last), "%.63s", f->res.location + strlen("/v1/certificates/"));
	all = count(f);
	do {
		assert_int_equal(get(f, target), 200);
		assert_in_range(list_size(f, "certificates"), 1, 2);
		seen += list_size(f, "certificates");
		assert_true(
		    seen == all || strstr(f->res.link, "san=%6cocalhost&") != NULL);
	} while (follow(f, target));
	assert_int_equal(seen, all);
	assert_string_equal(
	    list_member(f, "certificates", list_size(f, "certificates") - 1, "serial"),
	    last);
}

#define LABEL "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
#define NAME  LABEL LABEL LABEL LABEL "example"

/* Three times as long in escapes as it is: more than the next page's link has room for.
 */
static void
keeps_a_long_filter_or_refuses_it(void **state)
{
	struct fixture *f = *state;
	char target[1024] = "/v1/certificates?limit=1&san=";

	assert_int_equal(
	    post_json(f, "/v1/keys/web/csr", "{\"sans\":[\"dns:" NAME "\"]}"), 200);
	buf_reset(&csr);
	buf_append(&csr, f->res.body.data, f->res.body.len);
	issue(f);
	issue(f);
	assert_int_equal(get(f, "/v1/certificates?limit=1&san=" NAME), 200);
	assert_non_null(strstr(f->res.link, "san=" NAME "&cursor="));
	for (size_t i = 0; i < strlen(NAME); i++)
		snprintf(target + strlen(target), 4, "%%%02x", NAME[i]);
	get(f, target);
	assert_problem(f, 400, "bad-request");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_what_a_filter_lets_through),
		cmocka_unit_test(refuses_filters_it_does_not_understand),
		cmocka_unit_test(says_of_which_issuer_there_is_none),
		cmocka_unit_test(pages_through_all_certificates_once),
		cmocka_unit_test(keeps_a_long_filter_or_refuses_it),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
