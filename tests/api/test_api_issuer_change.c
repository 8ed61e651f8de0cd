/* test_api_issuer_change.c - an issuer's state and URLs over the api. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/api/fixture.h"

#define MERGE "application/merge-patch+json"
#define WEB   "/v1/issuers/web"

static int
setup(void **state)
{
	if (fixture_open(state) != 0)
		return -1;
	make_issuer(*state, "web", NULL);
	return 0;
}

static int
patch(struct fixture *f, const char *body)
{
	return send_text(f, "PATCH", WEB, MERGE, body);
}

static void
takes_urls_at_creation(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(post_json(f, "/v1/issuers",
			     "{\"name\":\"urls\",\"crl_url\":\"http://crl.example/urls\","
			     "\"crl_shards\":16}"),
	    201);
	assert_string_equal(member(f, "crl_url"), "http://crl.example/urls");
	assert_string_equal(member(f, "state"), "active");
	assert_false(has_member(f, "ocsp_url"));
	assert_true(body_has(f, "\"crl_shards\":16"));
	post_json(f, "/v1/issuers",
	    "{\"name\":\"tls\",\"ocsp_url\":\"https://ocsp.example/\"}");
	assert_problem(f, 422, "refused");
	assert_string_equal(list_member(f, "violations", 0, "rule"), "issuer-url");
	assert_string_equal(list_member(f, "violations", 0, "field"), "ocsp_url");
	get(f, "/v1/keys/tls");
	assert_problem(f, 404, "not-found");
}

static void
merges_a_change(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(patch(f, "{\"crl_url\":\"http://crl.example/\","
				  "\"ca_issuers_url\":\"http://ca.example/\"}"),
	    200);
	assert_string_equal(member(f, "crl_url"), "http://crl.example/");
	assert_int_equal(patch(f, "{\"crl_url\":null,\"state\":\"retiring\"}"), 200);
	assert_false(has_member(f, "crl_url"));
	assert_string_equal(member(f, "ca_issuers_url"), "http://ca.example/");
	assert_string_equal(member(f, "state"), "retiring");
	assert_int_equal(get(f, "/v1/issuers"), 200);
	assert_string_equal(list_member(f, "issuers", 0, "state"), "retiring");
	fixture_restart(f);
	assert_int_equal(get(f, WEB), 200);
	assert_string_equal(member(f, "state"), "retiring");
	assert_int_equal(send_text(f, "PATCH", WEB, JSON, "{\"state\":\"active\"}"), 200);
	assert_string_equal(member(f, "state"), "active");
}

static void
changes_only_the_state_that_if_match_names(void **state)
{
	struct fixture *f = *state;
	char etag[72];

	assert_int_equal(get(f, WEB), 200);
	snprintf(etag, sizeof(etag), "%s", f->res.etag);
	f->if_none_match = etag;
	assert_int_equal(get(f, WEB), 304);
	assert_int_equal(f->res.body.len, 0);
	f->if_none_match = NULL;
	f->if_match = etag;
	assert_int_equal(patch(f, "{\"ocsp_url\":\"http://ocsp.example/\"}"), 200);
	assert_string_not_equal(f->res.etag, etag);
	patch(f, "{\"ocsp_url\":\"http://other.example/\"}");
	f->if_match = NULL;
	assert_problem(f, 412, "precondition-failed");
	assert_int_equal(get(f, WEB), 200);
	assert_string_equal(member(f, "ocsp_url"), "http://ocsp.example/");
}

static void
refuses_bad_changes(void **state)
{
	static const char *const bodies[] = { "", "[]", "{\"state\":7}",
		"{\"state\":\"lost\"}", "{\"crl_url\":7}", "{\"crl_shards\":0}",
		"{\"crl_shards\":129}", "{\"name\":\"x\"}" };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		patch(f, bodies[i]);
		assert_problem(f, 400, "bad-request");
	}
	patch(f, "{\"state\":\"pending\"}");
	assert_problem(f, 409, "conflict");
	patch(f, "{\"crl_url\":\"ftp://crl.example/\"}");
	assert_problem(f, 422, "refused");
	send_text(f, "PATCH", WEB, "text/plain", "{}");
	assert_problem(f, 415, "unsupported");
	send_text(f, "PATCH", "/v1/issuers/nobody", MERGE, "{}");
	assert_problem(f, 404, "not-found");
}

static void
lets_only_admins_change(void **state)
{
	struct fixture *f = *state;

	f->caller.admin = false;
	f->caller.uid = 12345;
	patch(f, "{\"state\":\"retired\"}");
	f->caller.admin = true;
	assert_problem(f, 403, "forbidden");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_urls_at_creation),
		cmocka_unit_test(merges_a_change),
		cmocka_unit_test(changes_only_the_state_that_if_match_names),
		cmocka_unit_test(refuses_bad_changes),
		cmocka_unit_test(lets_only_admins_change),
	};

	return cmocka_run_group_tests(tests, setup, fixture_close);
}
