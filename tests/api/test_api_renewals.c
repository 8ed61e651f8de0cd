/* test_api_renewals.c - certificates again, when, and for whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/clock.h"
#include "store/revocations.h"
#include "tests/api/issuing.h"

static const char *
renewals_of(const char *serial, const char *query)
{
	static char target[200];

	snprintf(target, sizeof(target), "/v1/certificates/%s/renewals%s", serial, query);
	return target;
}

static void
renews_without_a_body(void **state)
{
	struct fixture *f = *state;
	char serial[41], target[160];

	issue_to_localhost(f, serial);
	f->accept = JSON;
	assert_int_equal(send_text(f, "POST", renewals_of(serial, ""), NULL, ""), 201);
	f->accept = NULL;
	assert_string_not_equal(member(f, "serial"), serial);
	assert_string_equal(member(f, "issuer"), "internal");
	assert_string_equal(member(f, "profile"), "server");
	assert_string_equal(member(f, "subject"), "CN=localhost");
	snprintf(target, sizeof(target), "/v1/certificates/%s", member(f, "serial"));
	assert_string_equal(f->res.location, target);
	assert_int_equal(get(f, target), 200);
}

static void
renews_for_a_new_key(void **state)
{
	struct fixture *f = *state;
	struct buffer csr;
	char serial[41];

	issue_to_localhost(f, serial);
	assert_int_equal(post_json(f, "/v1/keys/web/rotate", "{}"), 201);
	request_for(f, "{\"subject\":\"/CN=localhost\",\"sans\":[\"localhost\"]}", &csr);
	assert_int_equal(
	    send_bytes(f, "POST", renewals_of(serial, ""), PKCS10, buf_bytes(&csr)), 201);
	buf_free(&csr);
	request_for(f, "{\"sans\":[\"other\"]}", &csr);
	send_bytes(f, "POST", renewals_of(serial, ""), PKCS10, buf_bytes(&csr));
	assert_problem(f, 422, "refused");
	assert_true(body_has(f, "\"rule\":\"renewal-names\""));
	buf_free(&csr);
}

static void
takes_a_length_and_keeps_it_in_bounds(void **state)
{
	struct fixture *f = *state;
	int64_t before, after;
	char serial[41];

	issue_to_localhost(f, serial);
	f->accept = JSON;
	assert_int_equal(send_text(f, "POST", renewals_of(serial, ""), JSON,
			     "{\"validity_seconds\":3600}"),
	    201);
	assert_int_equal(clock_parse(member(f, "not_before"), &before), 0);
	assert_int_equal(clock_parse(member(f, "not_after"), &after), 0);
	assert_int_equal(after - before, 300 + 3599);
	f->accept = NULL;
	send_text(
	    f, "POST", renewals_of(serial, ""), JSON, "{\"validity_seconds\":315360000}");
	assert_problem(f, 422, "refused");
	assert_true(body_has(f, "\"rule\":\"validity-range\""));
	send_text(f, "POST", renewals_of(serial, ""), JSON, "{\"profile\":\"client\"}");
	assert_problem(f, 400, "bad-request");
	send_text(f, "POST", renewals_of(serial, ""), "text/plain", "x");
	assert_problem(f, 415, "unsupported");
	send_text(f, "POST", renewals_of("00", ""), NULL, "");
	assert_problem(f, 404, "not-found");
}

static void
judges_and_signs_nothing_in_a_dry_run(void **state)
{
	struct fixture *f = *state;
	char serial[41];
	size_t count;

	issue_to_localhost(f, serial);
	count = count_certificates(f);
	assert_int_equal(
	    send_text(f, "POST", renewals_of(serial, "?dry_run=true"), NULL, ""), 200);
	assert_string_equal(member(f, "status"), "dry-run");
	assert_int_equal(count_certificates(f), count);
}

static void
revoke(struct fixture *f, const char *serial, int64_t when)
{
	const struct audit_event event = { .actor = "uid:0",
		.action = "certificate.revoked",
		.object = serial,
		.detail = "" };
	struct revocation revocation = { .revoked_at = when, .reason = 4 };
	static const unsigned char no_key[32];
	bool changed;

	snprintf(revocation.serial, sizeof(revocation.serial), "%s", serial);
	assert_int_equal(
	    store_revocation_add(f->store, &revocation, no_key, &event, &changed, NULL),
	    0);
}

static void
does_not_renew_what_is_revoked(void **state)
{
	struct fixture *f = *state;
	char serial[41];

	issue_to_localhost(f, serial);
	revoke(f, serial, clock_now_s());
	send_text(f, "POST", renewals_of(serial, ""), NULL, "");
	assert_problem(f, 422, "refused");
	assert_true(body_has(f, "\"rule\":\"renewal-revoked\""));
}

/* The window and the certificate's life, in seconds since 1970. */
struct info {
	int64_t start, end, not_before, not_after;
};

static int64_t
time_of(const json_t *object, const char *name)
{
	int64_t seconds;

	assert_int_equal(
	    clock_parse(json_string_value(json_object_get(object, name)), &seconds), 0);
	return seconds;
}

static struct info
read_info(struct fixture *f, const char *serial)
{
	const json_t *window;
	struct info info;
	char target[160];

	snprintf(target, sizeof(target), "/v1/certificates/%s", serial);
	assert_int_equal(get(f, target), 200);
	info.not_before = time_of(f->json, "not_before");
	info.not_after = time_of(f->json, "not_after");
	snprintf(target, sizeof(target), "/v1/certificates/%s/renewal-info", serial);
	assert_int_equal(get(f, target), 200);
	assert_string_equal(f->res.content_type, JSON);
	assert_int_equal(f->res.retry_after_s, 21600);
	window = json_object_get(f->json, "suggestedWindow");
	info.start = time_of(window, "start");
	info.end = time_of(window, "end");
	return info;
}

static void
suggests_a_third_before_the_end(void **state)
{
	struct fixture *f = *state;
	struct info info;
	char serial[41];

	issue_to_localhost(f, serial);
	info = read_info(f, serial);
	assert_int_equal(
	    info.not_after - info.start, (info.not_after - info.not_before + 1) / 3);
	assert_true(info.start < info.end && info.end < info.not_after);
}

static void
suggests_half_of_a_short_life(void **state)
{
	struct fixture *f = *state;
	struct info info;
	char serial[41];

	issue_to_localhost(f, serial);
	f->accept = JSON;
	assert_int_equal(send_text(f, "POST", renewals_of(serial, ""), JSON,
			     "{\"validity_seconds\":863000}"),
	    201);
	f->accept = NULL;
	snprintf(serial, sizeof(serial), "%s", member(f, "serial"));
	info = read_info(f, serial);
	assert_int_equal(
	    info.not_after - info.start, (info.not_after - info.not_before + 1) / 2);
	assert_true(info.start < info.end && info.end < info.not_after);
}

static void
says_it_is_past_time_once_revoked(void **state)
{
	struct fixture *f = *state;
	int64_t now = clock_now_s();
	struct info info;
	char serial[41];

	issue_to_localhost(f, serial);
	revoke(f, serial, now);
	info = read_info(f, serial);
	assert_true(info.start < info.end && info.end < now);
}

static char *const internal_only[] = { "int*" };
static const struct access_rule rules[] = {
	{ .who = { .id = 4000055 },
	    .who_text = "unix:est",
	    .may = ACCESS_ISSUE,
	    .issuers = { internal_only, 1 } },
	{ .who = { .id = 4000044 }, .may = ACCESS_READ },
};
static const struct caller issuing = { .actor = "uid:4000055", .uid = 4000055 };
static const struct caller reading = { .actor = "uid:4000044", .uid = 4000044 };
static const struct caller admin = { .actor = "uid:0", .admin = true };

static int
post_as(struct fixture *f, const struct caller *caller, const char *target,
    const struct buffer *csr)
{
	f->caller = *caller;
	send_bytes(f, "POST", target, PKCS10, buf_bytes(csr));
	f->caller = admin;
	return f->res.status;
}

/* A certificate of the root's, which the rule does not name. */
static void
issue_from_root(struct fixture *f, const struct buffer *csr, char serial[static 41])
{
	assert_int_equal(
	    post_as(f, &admin, "/v1/issuers/root/certificates?profile=server", csr), 201);
	snprintf(serial, 41, "%s", f->res.location + strlen("/v1/certificates/"));
}

static void
assert_refused(struct fixture *f, const char *detail)
{
	assert_problem(f, 403, "forbidden");
	assert_string_equal(member(f, "detail"), detail);
}

static void
the_right_issue_is_about_the_issuers_of_its_rule(void **state)
{
	struct fixture *f = *state;
	const struct buffer nothing = { 0 };
	char serial[41], from_root[41];
	struct buffer csr;

	request_for(f, "{\"sans\":[\"localhost\"]}", &csr);
	issue_from_root(f, &csr, from_root);
	fixture_rules(f, rules, 2);
	assert_int_equal(post_as(f, &issuing, ISSUE, &csr), 201);
	snprintf(serial, sizeof(serial), "%s", f->res.location + 17);
	assert_int_equal(post_as(f, &issuing, renewals_of(serial, ""), &csr), 201);
	assert_int_equal(post_as(f, &issuing, renewals_of(serial, ""), &nothing), 201);
	assert_int_equal(post_as(f, &issuing, ISSUE "&dry_run=true", &csr), 200);

	post_as(f, &issuing, "/v1/issuers/root/certificates?profile=server", &csr);
	assert_refused(f, "unix:est may not issue from root, or there is none");
	post_as(f, &issuing, "/v1/issuers/nobody/certificates?profile=server", &csr);
	assert_refused(f, "unix:est may not issue from nobody, or there is none");
	post_as(f, &issuing, "/v1/issuers/root/certificates?profile=server&dry_run=true",
	    &csr);
	assert_refused(f, "unix:est may not issue from root, or there is none");
	post_as(f, &issuing, renewals_of(from_root, ""), &nothing);
	assert_refused(f, "unix:est may not issue from root, or there is none");
	post_as(f, &reading, ISSUE, &csr);
	assert_refused(f, "uid:4000044 lacks the right issue");
	post_as(f, &reading, renewals_of(serial, ""), &nothing);
	assert_refused(f, "uid:4000044 lacks the right issue");
	fixture_rules(f, NULL, 0);
	buf_free(&csr);
}

static void
only_admins_certify_other_authorities(void **state)
{
	struct fixture *f = *state;
	struct buffer csr;

	request_for(f, "{\"subject\":\"/CN=sub\"}", &csr);
	fixture_rules(f, rules, 2);
	post_as(
	    f, &issuing, "/v1/issuers/internal/certificates?profile=intermediate", &csr);
	assert_refused(f, "unix:est lacks the right admin");
	fixture_rules(f, NULL, 0);
	buf_free(&csr);
}

static void
does_not_renew_an_authority(void **state)
{
	struct fixture *f = *state;
	const struct buffer nothing = { 0 };
	char serial[41];

	assert_int_equal(get(f, "/v1/issuers/internal"), 200);
	snprintf(serial, sizeof(serial), "%s", member(f, "serial"));
	post_as(f, &admin, renewals_of(serial, ""), &nothing);
	assert_problem(f, 409, "conflict");
}

static void
the_right_issue_is_no_other_right(void **state)
{
	static const char *const refused[][2] = {
		{ "GET", "/v1/keys" },
		{ "POST", "/v1/keys" },
		{ "POST", "/v1/keys/web/csr" },
		{ "POST", "/v1/issuers" },
		{ "GET", "/v1/issuers" },
		{ "GET", "/v1/certificates" },
	};
	struct fixture *f = *state;

	fixture_rules(f, rules, 2);
	f->caller = issuing;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		send_text(f, refused[i][0], refused[i][1], JSON, "{}");
		assert_problem(f, 403, "forbidden");
	}
	send_text(f, "POST", "/v1/keys/web/sign?scheme=ed25519", OCTETS, "x");
	assert_problem(f, 403, "forbidden");
	f->caller = admin;
	fixture_rules(f, NULL, 0);
}

static void
who_reads_or_issues_learns_when_to_renew(void **state)
{
	struct fixture *f = *state;
	char serial[41], from_root[41], target[160];
	struct buffer csr;

	request_for(f, "{\"sans\":[\"localhost\"]}", &csr);
	issue_from_root(f, &csr, from_root);
	issue_to_localhost(f, serial);
	fixture_rules(f, rules, 2);
	f->caller = issuing;
	snprintf(target, sizeof(target), "/v1/certificates/%s/renewal-info", serial);
	assert_int_equal(get(f, target), 200);
	snprintf(target, sizeof(target), "/v1/certificates/%s/renewal-info", from_root);
	get(f, target);
	assert_problem(f, 403, "forbidden");
	f->caller = reading;
	assert_int_equal(get(f, target), 200);
	f->caller = (struct caller){ .actor = "uid:1", .uid = 1 };
	get(f, target);
	assert_problem(f, 403, "forbidden");
	f->caller = admin;
	fixture_rules(f, NULL, 0);
	buf_free(&csr);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(renews_without_a_body),
		cmocka_unit_test(takes_a_length_and_keeps_it_in_bounds),
		cmocka_unit_test(judges_and_signs_nothing_in_a_dry_run),
		cmocka_unit_test(does_not_renew_what_is_revoked),
		cmocka_unit_test(suggests_a_third_before_the_end),
		cmocka_unit_test(suggests_half_of_a_short_life),
		cmocka_unit_test(says_it_is_past_time_once_revoked),
		cmocka_unit_test(the_right_issue_is_about_the_issuers_of_its_rule),
		cmocka_unit_test(only_admins_certify_other_authorities),
		cmocka_unit_test(does_not_renew_an_authority),
		cmocka_unit_test(the_right_issue_is_no_other_right),
		cmocka_unit_test(who_reads_or_issues_learns_when_to_renew),
		cmocka_unit_test(renews_for_a_new_key),
	};

	return cmocka_run_group_tests(tests, issuing_open, fixture_close);
}
