/* test_api_managed_state.c - how an agent moves on with what it manages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "api/managed_state.h"
#include "base/clock.h"
#include "tests/api/managed_scene.h"

static void
lets_one_agent_at_a_time_move_on(void **state)
{
	struct fixture *f = *state;
	char late[128];

	assert_int_equal(post_json(f, ALL, PLAIN), 201);
	snprintf(late, sizeof(late), "{\"revision\":%lld,\"step\":\"key\"}",
	    (long long)managed_revision(f));
	assert_int_equal(send_text(f, "PUT", WEB "/state", JSON, late), 200);
	assert_string_equal(
	    json_string_value(json_object_get(managed_state(f), "step")), "key");
	send_text(f, "PUT", WEB "/state", JSON, late);
	assert_problem(f, 409, "conflict");
	/* Nor one that has not heard that it was made anew. */
	managed_forget(f);
	assert_int_equal(post_json(f, ALL, PLAIN), 201);
	send_text(f, "PUT", WEB "/state", JSON, late);
	assert_problem(f, 409, "conflict");
	managed_forget(f);
	send_text(f, "PUT", WEB "/state", JSON, late);
	assert_problem(f, 404, "not-found");
}

static void
says_which_member_of_a_report_is_wrong(void **state)
{
	static const struct managed_refusal reports[] = {
		{ "\"attempts\":1", "\"step\" is missing" },
		{ "\"step\":\"sleep\"", "\"step\" is not one of: idle, key, issue" },
		{ "\"step\":\"key\",\"spki_sha256\":\"00\"", "\"spki_sha256\"" },
		{ "\"step\":\"idle\",\"serial\":\"0a\"", "go together" },
		{ "\"step\":\"idle\",\"serial\":\"0A\",\"not_before\":"
		  "\"2030-01-01T00:00:00Z\",\"not_after\":\"2030-04-01T00:00:00Z\"",
		    "\"serial\"" },
		{ "\"step\":\"idle\",\"serial\":\"0a\",\"not_before\":"
		  "\"2030-04-01T00:00:00Z\",\"not_after\":\"2030-01-01T00:00:00Z\"",
		    "\"not_after\" is not later" },
		{ "\"step\":\"idle\",\"due\":\"tomorrow\"", "\"due\"" },
		{ "\"step\":\"idle\",\"ask_window\":\"soon\"", "\"ask_window\"" },
		{ "\"step\":\"idle\",\"next_attempt\":\"soon\"", "\"next_attempt\"" },
		{ "\"step\":\"idle\",\"installed\":\"yes\"", "\"installed\"" },
		{ "\"step\":\"idle\",\"attempts\":-1", "\"attempts\"" },
		{ "\"step\":\"idle\",\"outcome\":\"fine\"", "\"outcome\"" },
		{ "\"step\":\"idle\",\"outcome\":\"renewed\"", "\"serial\"" },
		{ "\"step\":\"idle\",\"outcome\":\"failed\"", "\"last_error\"" },
		{ "\"step\":\"idle\",\"mood\":\"good\"", "\"mood\"" },
	};
	struct fixture *f = *state;
	char body[512];

	for (size_t i = 0; i < sizeof(reports) / sizeof(reports[0]); i++) {
		snprintf(body, sizeof(body), "{\"revision\":1,%s}", reports[i].body);
		assert_int_equal(post_json(f, ALL, PLAIN), 201);
		send_text(f, "PUT", WEB "/state", JSON, body);
		assert_problem(f, 400, "bad-request");
		if (strstr(member(f, "detail"), reports[i].says) == NULL)
			fail_msg("%s: %s", reports[i].body, body_text(f));
		managed_forget(f);
	}
	assert_int_equal(post_json(f, ALL, PLAIN), 201);
	send_text(f, "PUT", WEB "/state", JSON, "{\"step\":\"idle\"}");
	assert_problem(f, 400, "bad-request");
	managed_forget(f);
}

static void
is_due_before_its_end_and_a_little_later(void **state)
{
	struct fixture *f = *state;
	int64_t first;

	assert_int_equal(post_json(f, ALL, PLAIN), 201);
	assert_int_equal(managed_report(f, CERTIFIED ",\"outcome\":\"renewed\""), 200);
	first = managed_time(f);
	assert_true(
	    first >= APRIL - 30 * DAY_S && first <= APRIL - 30 * DAY_S + 3 * DAY_S);
	assert_int_equal(get(f, WEB), 200);
	assert_int_equal(managed_time(f), first);
	managed_forget(f);
}

static void
keeps_a_time_that_was_asked_for_until_it_is_renewed(void **state)
{
	struct fixture *f = *state;
	int64_t now = clock_now_s();

	assert_int_equal(post_json(f, ALL, PLAIN), 201);
	assert_int_equal(managed_report(f, CERTIFIED ",\"outcome\":\"renewed\""), 200);
	assert_int_equal(
	    managed_report(f, CERTIFIED ",\"due\":\"2030-02-01T00:00:00Z\""), 200);
	assert_int_equal(managed_time(f), 1896134400);
	assert_int_equal(post_json(f, WEB "/renew", "{}"), 200);
	assert_true(managed_time(f) >= now && managed_time(f) <= now + 60);
	assert_int_equal(
	    managed_report(f, CERTIFIED ",\"attempts\":1,\"next_attempt\":"
					"\"2030-01-01T00:00:00Z\",\"last_error\":\"no\","
					"\"outcome\":\"rolled-back\""),
	    200);
	assert_true(managed_time(f) <= now + 60);
	assert_int_equal(managed_report(f, CERTIFIED ",\"outcome\":\"renewed\""), 200);
	assert_true(managed_time(f) >= APRIL - 30 * DAY_S);
	post_json(f, ALL "/none/renew", "{}");
	assert_problem(f, 404, "not-found");
	managed_forget(f);
}

/* Of a certificate that was issued just now. */
static void
report_issued(struct fixture *f, const char *serial)
{
	char members[256];

	snprintf(members, sizeof(members),
	    "\"step\":\"idle\",\"serial\":\"%s\",\"not_before\":\"2030-01-01T00:00:00Z\","
	    "\"not_after\":\"2030-04-01T00:00:00Z\",\"outcome\":\"renewed\"",
	    serial);
	assert_int_equal(managed_report(f, members), 200);
}

static void
makes_due_what_is_revoked(void **state)
{
	struct fixture *f = *state;
	int64_t now = clock_now_s();
	char serial[41], other[41], target[128], etag[sizeof(f->res.etag)];

	issue_to_localhost(f, serial);
	issue_to_localhost(f, other);
	assert_int_equal(post_json(f, ALL, PLAIN), 201);
	report_issued(f, serial);
	assert_true(managed_time(f) >= APRIL - 30 * DAY_S);
	snprintf(etag, sizeof(etag), "%s", f->res.etag);
	snprintf(target, sizeof(target), "/v1/certificates/%s/revocation", serial);
	assert_int_equal(post_json(f, target, "{}"), 200);
	assert_int_equal(get(f, WEB), 200);
	assert_string_not_equal(f->res.etag, etag);
	assert_string_equal(
	    json_string_value(json_object_get(managed_state(f), "revoked")),
	    json_string_value(json_object_get(managed_state(f), "due")));
	assert_true(managed_time(f) >= now && managed_time(f) <= now + 60);
	report_issued(f, other);
	assert_true(managed_time(f) >= APRIL - 30 * DAY_S);
	assert_null(json_object_get(managed_state(f), "revoked"));
	managed_forget(f);
}

static void
spreads_renewals_and_takes_a_third_of_a_short_life(void **state)
{
	struct managed_life life = { 0, 90 * DAY_S, 30 * DAY_S };
	int64_t least = INT64_MAX, most = 0;
	char serial[24];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		int64_t when;

		snprintf(serial, sizeof(serial), "%x", (unsigned)i);
		when = managed_due("web", serial, &life);
		least = when < least ? when : least;
		most = when > most ? when : most;
	}
	assert_true(least >= 60 * DAY_S && least < 60 * DAY_S + 3600);
	assert_true(most <= 63 * DAY_S && most > 63 * DAY_S - 3600);
	assert_true(managed_due("web", "1", &life) != managed_due("api", "1", &life));
	life.not_after = 6 * DAY_S;
	assert_true(managed_due("web", "1", &life) >= 4 * DAY_S);
	assert_true(managed_due("web", "1", &life) < 5 * DAY_S);
}

static void
shows_and_moves_what_a_rule_lets_manage(void **state)
{
	static char *mine[] = { "a*" }, *others[] = { "b*" };
	struct access_rule rule = { .who = { .kind = WHO_USER, .id = 7 },
		.may = ACCESS_MANAGE_KEY | ACCESS_MANAGE,
		.keys = { mine, 1 } };
	const struct caller admin = { .actor = "uid:0", .admin = true };
	struct fixture *f = *state;

	assert_int_equal(post_json(f, ALL, PLAIN), 201);
	f->caller = (struct caller){ .actor = "uid:7", .kind = CALLER_UNIX, .uid = 7 };
	fixture_rules(f, &rule, 1);
	assert_int_equal(get(f, ALL), 200);
	assert_int_equal(list_size(f, "managed"), 1);
	assert_int_equal(get(f, WEB), 200);
	assert_int_equal(managed_report(f, "\"step\":\"key\""), 200);
	assert_int_equal(post_json(f, WEB "/renew", "{}"), 200);
	assert_int_equal(post_json(f, ALL, PLAIN), 403);
	assert_int_equal(send_text(f, "PUT", WEB, JSON, PLAIN), 403);
	assert_int_equal(send_text(f, "DELETE", WEB, NULL, ""), 403);
	rule.keys.items = others;
	fixture_rules(f, &rule, 1);
	assert_int_equal(get(f, ALL), 200);
	assert_int_equal(list_size(f, "managed"), 0);
	assert_int_equal(get(f, WEB), 403);
	assert_int_equal(
	    send_text(f, "PUT", WEB "/state", JSON, "{\"revision\":1}"), 403);
	assert_int_equal(post_json(f, WEB "/renew", "{}"), 403);
	rule.may = ACCESS_READ;
	fixture_rules(f, &rule, 1);
	assert_int_equal(get(f, WEB), 200);
	assert_int_equal(post_json(f, WEB "/renew", "{}"), 403);
	rule.may = ACCESS_USE;
	fixture_rules(f, &rule, 1);
	assert_int_equal(get(f, ALL), 403);
	f->caller = admin;
	fixture_rules(f, NULL, 0);
	managed_forget(f);
}

struct found {
	const char *action;
	char detail[256];
	char outcome[16];
	size_t count;
};

static int
look(void *ctx, const struct audit_row *row)
{
	struct found *found = ctx;

	if (strcmp(row->action, found->action) != 0)
		return 0;
	found->count++;
	snprintf(found->outcome, sizeof(found->outcome), "%s", row->outcome);
	assert_string_equal(row->object, "api");
	snprintf(found->detail, sizeof(found->detail), "%s", row->detail);
	return 0;
}

static void
expect_entry(struct fixture *f, const char *action, const char *outcome, const char *says)
{
	struct found found = { .action = action };

	assert_int_equal(store_audit_each(f->store, 0, 10000, look, &found, NULL), 0);
	if (found.count == 0 || strcmp(found.outcome, outcome) != 0 ||
	    strstr(found.detail, says) == NULL)
		fail_msg("%s: %zu, %s", action, found.count, found.detail);
}

static void
records_and_logs_how_it_goes(void **state)
{
	struct fixture *f = *state;
	const char *text;

	assert_int_equal(post_json(f, ALL, PLAIN), 201);
	assert_int_equal(send_text(f, "PUT", WEB, JSON, PLAIN), 200);
	log_capture();
	assert_int_equal(
	    managed_report(f, "\"step\":\"issue\",\"last_error\":\"no \\\"token\\\"\","
			      "\"outcome\":\"failed\""),
	    200);
	assert_int_equal(managed_report(f, CERTIFIED ",\"last_error\":\"not seen\","
						     "\"outcome\":\"rolled-back\""),
	    200);
	assert_int_equal(managed_report(f, CERTIFIED ",\"outcome\":\"renewed\""), 200);
	text = log_captured();
	assert_non_null(strstr(text, "event=managed.failed request=1 managed=api "
				     "outcome=failed why=\"no \\\"token\\\"\""));
	assert_non_null(strstr(text, "outcome=rolled-back why=\"not seen\""));
	assert_non_null(strstr(text, "event=managed.renewed request=1 managed=api "
				     "serial=0a until=2030-04-01T00:00:00Z"));
	assert_int_equal(post_json(f, WEB "/renew", "{}"), 200);
	managed_forget(f);
	expect_entry(f, "managed.added", "ok", "\"names\":[\"api.example\"]");
	expect_entry(f, "managed.changed", "ok", "\"names\":[\"api.example\"]");
	expect_entry(f, "managed.failed", "failed", "no \"token\"");
	expect_entry(f, "managed.rolled-back", "failed", "not seen");
	expect_entry(f, "managed.renewed", "ok", "serial=0a");
	expect_entry(f, "managed.hastened", "ok", "");
	expect_entry(f, "managed.removed", "ok", "");
}

/* A moment ago it was made already, and kept. */
static void
expect_metric(struct fixture *f, const char *line)
{
	fixture_restart(f);
	assert_int_equal(get(f, "/metrics"), 200);
	if (!body_has(f, line))
		fail_msg("no %s in\n%s", line, body_text(f));
}

static void
has_metrics_of_each(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(post_json(f, ALL, PLAIN), 201);
	expect_metric(f, "\nkeyhold_managed_failed_attempts{name=\"api\"} 0\n");
	assert_false(body_has(f, "\nkeyhold_managed_expiry_timestamp_seconds{"));
	assert_int_equal(get(f, WEB), 200);
	assert_int_equal(managed_report(f, CERTIFIED ",\"attempts\":2,\"due\":"
						     "\"2030-02-01T00:00:00Z\""),
	    200);
	expect_metric(f, "\nkeyhold_managed_failed_attempts{name=\"api\"} 2\n");
	expect_metric(
	    f, "\nkeyhold_managed_expiry_timestamp_seconds{name=\"api\"} 1901232000\n");
	expect_metric(
	    f, "\nkeyhold_managed_due_timestamp_seconds{name=\"api\"} 1896134400\n");
	managed_forget(f);
}

static void
tells_whoever_asks_what_time_it_is(void **state)
{
	struct fixture *f = *state;
	int64_t now;

	f->caller.admin = false;
	assert_int_equal(get(f, "/v1/clock"), 200);
	f->caller.admin = true;
	assert_int_equal(clock_parse(member(f, "now"), &now), 0);
	assert_true(now >= clock_now_s() - 60 && now <= clock_now_s());
	assert_int_equal(managed_number(f, "rate"), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lets_one_agent_at_a_time_move_on),
		cmocka_unit_test(says_which_member_of_a_report_is_wrong),
		cmocka_unit_test(is_due_before_its_end_and_a_little_later),
		cmocka_unit_test(keeps_a_time_that_was_asked_for_until_it_is_renewed),
		cmocka_unit_test(makes_due_what_is_revoked),
		cmocka_unit_test(spreads_renewals_and_takes_a_third_of_a_short_life),
		cmocka_unit_test(shows_and_moves_what_a_rule_lets_manage),
		cmocka_unit_test(records_and_logs_how_it_goes),
		cmocka_unit_test(has_metrics_of_each),
		cmocka_unit_test(tells_whoever_asks_what_time_it_is),
	};

	return cmocka_run_group_tests(tests, managed_open, fixture_close);
}
