/* test_api_profiles.c - profiles made, changed and used over the api. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "store/profiles.h"
#include "tests/api/fixture.h"

#define OWN "/v1/profiles/own"
#define WITH(names)                                                                      \
	"{\"dns_names\":[" names "],\"ext_key_usage\":[\"serverAuth\"],"                 \
	"\"subject_allowed\":[]}"

static int
setup(void **state)
{
	if (fixture_open(state) != 0)
		return -1;
	make_issuer(*state, "root", NULL);
	make_key(*state, "web", "ec-p256", "tls");
	return 0;
}

/* Conditions are of one request. */
static int
put(struct fixture *f, const char *if_match, const char *if_none_match, const char *body)
{
	int status;

	f->if_match = if_match;
	f->if_none_match = if_none_match;
	status = send_text(f, "PUT", OWN, JSON, body);
	f->if_match = f->if_none_match = NULL;
	return status;
}

static int
remove_one(struct fixture *f, const char *target, const char *if_match)
{
	int status;

	f->if_match = if_match;
	status = send_text(f, "DELETE", target, NULL, "");
	f->if_match = NULL;
	return status;
}

static void
forget(struct fixture *f)
{
	remove_one(f, OWN, NULL);
}

static void
makes_changes_and_deletes_a_profile(void **state)
{
	struct fixture *f = *state;
	char etag[sizeof(f->res.etag)];

	assert_int_equal(put(f, NULL, NULL, WITH("\"a.example\"")), 201);
	assert_string_equal(f->res.location, OWN);
	assert_string_equal(member(f, "name"), "own");
	snprintf(etag, sizeof(etag), "%s", f->res.etag);
	assert_int_equal(get(f, OWN), 200);
	assert_string_equal(f->res.etag, etag);
	assert_int_equal(put(f, NULL, NULL, WITH("\"b.example\"")), 200);
	assert_string_equal(f->res.location, "");
	assert_string_not_equal(f->res.etag, etag);
	assert_int_equal(get(f, "/v1/profiles"), 200);
	assert_int_equal(list_size(f, "profiles"), 4);
	assert_string_equal(list_member(f, "profiles", 3, "name"), "own");
	assert_int_equal(remove_one(f, OWN, NULL), 204);
	assert_int_equal(get(f, OWN), 404);
	assert_int_equal(remove_one(f, OWN, NULL), 404);
}

static void
changes_the_state_that_was_read_and_no_other(void **state)
{
	struct fixture *f = *state;
	char first[sizeof(f->res.etag)];

	assert_int_equal(put(f, "\"1\"", NULL, WITH("\"a.example\"")), 412);
	assert_int_equal(put(f, NULL, "*", WITH("\"a.example\"")), 201);
	snprintf(first, sizeof(first), "%s", f->res.etag);
	put(f, NULL, "*", WITH("\"b.example\""));
	assert_problem(f, 412, "precondition-failed");
	assert_int_equal(put(f, first, NULL, WITH("\"b.example\"")), 200);
	put(f, first, NULL, WITH("\"c.example\""));
	assert_problem(f, 412, "precondition-failed");
	remove_one(f, OWN, first);
	assert_problem(f, 412, "precondition-failed");
	assert_int_equal(get(f, OWN), 200);
	assert_true(body_has(f, "b.example"));
	/* Made anew it is not what it was, whoever remembers it. */
	forget(f);
	assert_int_equal(put(f, NULL, "*", WITH("\"a.example\"")), 201);
	put(f, first, NULL, WITH("\"c.example\""));
	assert_problem(f, 412, "precondition-failed");
	forget(f);
}

static void
says_that_nothing_changed(void **state)
{
	struct fixture *f = *state;
	char etag[sizeof(f->res.etag)];

	assert_int_equal(put(f, NULL, NULL, WITH("\"a.example\"")), 201);
	snprintf(etag, sizeof(etag), "%s", f->res.etag);
	f->if_none_match = etag;
	assert_int_equal(get(f, OWN), 304);
	f->if_none_match = NULL;
	forget(f);
}

static void
leaves_the_built_in_ones_as_they_are(void **state)
{
	static const char *const names[] = { "server", "client", "peer", "root",
		"intermediate", "ocsp-signer" };
	struct fixture *f = *state;
	char target[64];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(target, sizeof(target), "/v1/profiles/%s", names[i]);
		send_text(f, "PUT", target, JSON, WITH("\"a.example\""));
		assert_problem(f, 409, "conflict");
		assert_true(body_has(f, "built in"));
		remove_one(f, target, NULL);
		assert_problem(f, 409, "conflict");
	}
	assert_int_equal(get(f, "/v1/profiles/server"), 200);
	assert_true(body_has(f, "\"built_in\":true"));
	assert_string_equal(f->res.etag, "");
}

static void
refuses_what_makes_no_sense_and_keeps_what_was(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(put(f, NULL, NULL, WITH("\"a.example\"")), 201);
	put(f, NULL, NULL, WITH("\"a*.example\""));
	assert_problem(f, 400, "bad-request");
	assert_true(body_has(f, "dns_names[0]"));
	put(f, NULL, NULL, "{\"dns\":[]}");
	assert_problem(f, 400, "bad-request");
	send_text(f, "PUT", "/v1/profiles/Bad", JSON, WITH("\"a.example\""));
	assert_problem(f, 400, "bad-request");
	assert_int_equal(get(f, OWN), 200);
	assert_true(body_has(f, "\"a.example\""));
	forget(f);
}

static int
issue(struct fixture *f, const char *san)
{
	struct buffer csr;
	char body[128];
	int status;

	snprintf(body, sizeof(body), "{\"subject\":\"/CN=web\",\"sans\":[\"%s\"]}", san);
	assert_int_equal(post_json(f, "/v1/keys/web/csr", body), 200);
	buf_init(&csr, 0);
	buf_append(&csr, f->res.body.data, f->res.body.len);
	status = send_bytes(f, "POST", "/v1/issuers/root/certificates?profile=own",
	    PKCS10, buf_bytes(&csr));
	buf_free(&csr);
	return status;
}

static void
issues_by_today_s_profile_also_after_a_restart(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(issue(f, "dns:a.svc.example"), 404);
	assert_int_equal(put(f, NULL, NULL, WITH("\"*.svc.example\"")), 201);
	assert_int_equal(issue(f, "dns:a.svc.example"), 201);
	issue(f, "dns:a.other.example");
	assert_problem(f, 422, "refused");
	assert_true(body_has(f, "san-dns-pattern"));
	assert_int_equal(put(f, NULL, NULL, WITH("\"*.other.example\"")), 200);
	fixture_restart(f);
	assert_int_equal(issue(f, "dns:a.other.example"), 201);
	assert_int_equal(issue(f, "dns:a.svc.example"), 422);
	forget(f);
	assert_int_equal(issue(f, "dns:a.other.example"), 404);
}

static void
lives_with_a_document_that_it_cannot_read(void **state)
{
	static const struct audit_event event = { .actor = "uid:0",
		.action = "profile.created",
		.object = "odd",
		.detail = "" };
	struct fixture *f = *state;
	int64_t version;

	assert_int_equal(store_profile_put(f->store, "odd", "{\"of_the_future\":1}",
			     &event, &version, NULL),
	    0);
	log_capture();
	fixture_restart(f);
	assert_non_null(strstr(log_captured(), "profile.unreadable"));
	assert_int_equal(get(f, "/v1/profiles/odd"), 404);
	assert_int_equal(get(f, "/v1/profiles/server"), 200);
	assert_int_equal(store_profile_delete(f->store, "odd", &event, NULL), 0);
}

struct last {
	char action[32], object[32], detail[256];
};

static int
remember(void *ctx, const struct audit_row *row)
{
	struct last *last = ctx;

	snprintf(last->action, sizeof(last->action), "%s", row->action);
	snprintf(last->object, sizeof(last->object), "%s", row->object);
	snprintf(last->detail, sizeof(last->detail), "%s", row->detail);
	return 0;
}

static void
last_entry_is(struct fixture *f, const char *action, const char *part)
{
	struct last last = { 0 };

	assert_int_equal(store_audit_each(f->store, 0, 10000, remember, &last, NULL), 0);
	assert_string_equal(last.action, action);
	assert_string_equal(last.object, "own");
	assert_non_null(strstr(last.detail, part));
}

static void
records_what_was_allowed_when(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(put(f, NULL, NULL, WITH("\"a.example\"")), 201);
	last_entry_is(f, "profile.created", "\"dns_names\":[\"a.example\"]");
	assert_int_equal(put(f, NULL, NULL, WITH("\"b.example\"")), 200);
	last_entry_is(f, "profile.changed", "\"dns_names\":[\"b.example\"]");
	assert_int_equal(remove_one(f, OWN, NULL), 204);
	last_entry_is(f, "profile.deleted", "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(makes_changes_and_deletes_a_profile),
		cmocka_unit_test(changes_the_state_that_was_read_and_no_other),
		cmocka_unit_test(says_that_nothing_changed),
		cmocka_unit_test(leaves_the_built_in_ones_as_they_are),
		cmocka_unit_test(refuses_what_makes_no_sense_and_keeps_what_was),
		cmocka_unit_test(issues_by_today_s_profile_also_after_a_restart),
		cmocka_unit_test(lives_with_a_document_that_it_cannot_read),
		cmocka_unit_test(records_what_was_allowed_when),
	};

	return cmocka_run_group_tests(tests, setup, fixture_close);
}
