/* test_api_expiry.c - what ends in this house, and which roots to trust. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "api/published.h"
#include "base/clock.h"
#include "ca/authority_crl.h"
#include "tests/api/issuing.h"

/* The index of the item of this kind and name; fails the test when there is none. */
static size_t
find(struct fixture *f, const char *kind, const char *name)
{
	for (size_t i = 0; i < list_size(f, "items"); i++)
		if (strcmp(list_member(f, "items", i, "kind"), kind) == 0 &&
		    strcmp(list_member(f, "items", i, "name"), name) == 0)
			return i;
	fail_msg("no %s %s in %s", kind, name, body_text(f));
	return 0;
}

static size_t
count(struct fixture *f, const char *kind)
{
	size_t n = 0;

	for (size_t i = 0; i < list_size(f, "items"); i++)
		n += strcmp(list_member(f, "items", i, "kind"), kind) == 0;
	return n;
}

static void
lists_issuers_crls_and_certificates(void **state)
{
	struct fixture *f = *state;
	char serial[41];
	int64_t now;
	size_t i;

	issue_to_localhost(f, serial);
	assert_int_equal(get(f, "/v1/expiry?before=2020-01-01T00:00:00Z"), 200);
	i = find(f, "crl", "internal");
	assert_non_null(strstr(list_member(f, "items", i, "fault"), "has no CRL yet"));
	authority_publish(f->api.authority, clock_now_s());
	assert_int_equal(get(f, "/v1/expiry"), 200);
	assert_int_equal(clock_parse(member(f, "now"), &now), 0);
	assert_in_range(now, clock_now_s() - 5, clock_now_s());
	find(f, "issuer", "root");
	i = find(f, "issuer", "internal");
	assert_string_equal(list_member(f, "items", i, "issuer"), "root");
	find(f, "crl", "root");
	find(f, "crl", "internal");
	i = find(f, "certificate", "localhost");
	assert_string_equal(list_member(f, "items", i, "serial"), serial);
	assert_string_equal(list_member(f, "items", i, "profile"), "server");
	assert_int_equal(strlen(list_member(f, "items", i, "not_after")), 20);
	/* An intermediate is not there twice. */
	assert_int_equal(count(f, "certificate"), 1);
	assert_string_equal(f->res.link, "");
}

static void
shows_the_newest_certificate_only(void **state)
{
	struct fixture *f = *state;
	char old[41], new[41];

	issue_to_localhost(f, old);
	issue_to_localhost(f, new);
	assert_int_equal(get(f, "/v1/expiry"), 200);
	assert_int_equal(count(f, "certificate"), 1);
	assert_string_equal(
	    list_member(f, "items", find(f, "certificate", "localhost"), "serial"), new);
}

static void
leaves_out_what_ends_later(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(get(f, "/v1/expiry?before=2020-01-01T00:00:00Z"), 200);
	assert_int_equal(list_size(f, "items"), 0);
	assert_int_equal(get(f, "/v1/expiry?before=1970-01-01T00:00:00Z"), 200);
	assert_int_equal(list_size(f, "items"), 0);
	assert_int_equal(get(f, "/v1/expiry?before=0001-01-01T00:00:00Z"), 200);
	assert_int_equal(list_size(f, "items"), 0);
	assert_int_equal(get(f, "/v1/expiry?before=9999-01-01T00:00:00Z"), 200);
	find(f, "issuer", "root");
}

static void
leaves_in_what_is_not_valid_yet(void **state)
{
	struct fixture *f = *state;
	int64_t now = clock_now_s();

	clock_rehearse(1, now - 30 * 86400);
	assert_int_equal(get(f, "/v1/expiry?before=2020-01-01T00:00:00Z"), 200);
	clock_rehearse(1, now);
	find(f, "issuer", "root");
	find(f, "issuer", "internal");
}

static void
goes_on_with_certificates_on_the_next_page(void **state)
{
	struct fixture *f = *state;
	char serial[41], next[512], *end;

	issue_to_localhost(f, serial);
	assert_int_equal(get(f, "/v1/expiry?limit=1"), 200);
	assert_true(count(f, "issuer") >= 2);
	assert_non_null(strstr(f->res.link, "rel=\"next\""));
	snprintf(next, sizeof(next), "%s", f->res.link + 1);
	assert_non_null(end = strchr(next, '>'));
	*end = '\0';
	assert_int_equal(get(f, next), 200);
	assert_int_equal(count(f, "issuer"), 0);
}

static void
refuses_what_it_does_not_know(void **state)
{
	static const char *const targets[] = { "/v1/expiry?after=1",
		"/v1/expiry?before=tomorrow", "/v1/expiry?limit=0",
		"/v1/expiry?limit=1001", "/v1/expiry?cursor=x", "/v1/trust/bundle?x=1" };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		get(f, targets[i]);
		assert_problem(f, 400, "bad-request");
	}
}

static void
is_for_those_who_may_read(void **state)
{
	static const struct caller nobody = { .actor = "uid:9" };
	struct fixture *f = *state;

	f->caller = nobody;
	assert_int_equal(get(f, "/v1/expiry"), 403);
	assert_int_equal(get(f, "/v1/trust/bundle"), 200);
	f->caller = (struct caller){ .actor = "uid:0", .admin = true };
}

static int
blocks(const struct fixture *f)
{
	const char *at = body_text(f);
	int n = 0;

	while ((at = strstr(at, "-----BEGIN CERTIFICATE-----")) != NULL) {
		at++;
		n++;
	}
	return n;
}

static void
the_bundle_has_each_root_once(void **state)
{
	struct fixture *f = *state;
	char root[4096];

	assert_int_equal(get(f, "/v1/issuers/root/certificate"), 200);
	snprintf(root, sizeof(root), "%s", body_text(f));
	assert_int_equal(get(f, "/v1/trust/bundle"), 200);
	assert_string_equal(f->res.content_type, CHAIN);
	assert_non_null(strstr(body_text(f), root));
	assert_int_equal(blocks(f), 1);
	f->accept = CERTS;
	assert_int_equal(get(f, "/v1/trust/bundle"), 200);
	assert_non_null(strstr(f->res.content_type, "certs-only"));
	f->accept = DER;
	get(f, "/v1/trust/bundle");
	assert_problem(f, 406, "not-acceptable");
	f->accept = NULL;
}

static void
the_bundle_is_conditional(void **state)
{
	struct fixture *f = *state;
	char etag[80];

	assert_int_equal(get(f, "/v1/trust/bundle"), 200);
	snprintf(etag, sizeof(etag), "%s", f->res.etag);
	assert_string_equal(f->res.cache_control, "public, max-age=600");
	f->if_none_match = etag;
	assert_int_equal(get(f, "/v1/trust/bundle"), 304);
	assert_int_equal(f->res.body.len, 0);
	/* Another form is another thing. */
	f->accept = CERTS;
	assert_int_equal(get(f, "/v1/trust/bundle"), 200);
	f->accept = NULL;
	f->if_none_match = NULL;
}

/* Last of those with one root: it stays rotated. */
static void
the_bundle_has_both_roots_while_one_takes_the_place_of_the_other(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
	    post_json(f, "/v1/issuers/root/rotate", "{\"name\":\"root-2\"}"), 201);
	assert_int_equal(get(f, "/v1/trust/bundle"), 200);
	assert_int_equal(blocks(f), 2);
	/* It ends, and internal still leads to it. */
	assert_int_equal(send_text(f, "PATCH", "/v1/issuers/root",
			     "application/merge-patch+json", "{\"state\":\"retired\"}"),
	    409);
	assert_int_equal(get(f, "/v1/trust/bundle"), 200);
	assert_int_equal(blocks(f), 2);
}

static void
the_bundle_is_published(void **state)
{
	struct error err;
	const struct route *route;
	struct request req = { .method = "GET", .target = "/v1/trust/bundle" };
	char allow[64] = "";

	(void)state;
	assert_int_equal(router_find(&req, &route, allow, sizeof(allow), &err), 0);
	assert_true(route_is_published(route));
	req.target = "/v1/expiry";
	assert_int_equal(router_find(&req, &route, allow, sizeof(allow), &err), 0);
	assert_false(route_is_published(route));
}

static void
there_is_no_bundle_without_a_root(void **state)
{
	struct fixture *f = *state;

	get(f, "/v1/trust/bundle");
	assert_problem(f, 404, "not-found");
	assert_int_equal(get(f, "/v1/expiry"), 200);
	assert_int_equal(list_size(f, "items"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_issuers_crls_and_certificates),
		cmocka_unit_test(shows_the_newest_certificate_only),
		cmocka_unit_test(leaves_out_what_ends_later),
		cmocka_unit_test(leaves_in_what_is_not_valid_yet),
		cmocka_unit_test(goes_on_with_certificates_on_the_next_page),
		cmocka_unit_test(refuses_what_it_does_not_know),
		cmocka_unit_test(is_for_those_who_may_read),
		cmocka_unit_test(the_bundle_has_each_root_once),
		cmocka_unit_test(the_bundle_is_conditional),
		cmocka_unit_test(
		    the_bundle_has_both_roots_while_one_takes_the_place_of_the_other),
		cmocka_unit_test(the_bundle_is_published),
	};
	const struct CMUnitTest empty[] = {
		cmocka_unit_test(there_is_no_bundle_without_a_root),
	};
	int failed = cmocka_run_group_tests(tests, issuing_open, fixture_close);

	return failed + cmocka_run_group_tests(empty, fixture_open, fixture_close);
}
