/* test_api_decision.c - what the rules in force are, and what they say of somebody. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "tests/api/fixture.h"

static char *const web_keys[] = { "web", "api-*" };
static char *const internal[] = { "internal" };
static char *const server[] = { "server" };
static char *const names[] = { "*.svc.example", "10.0.0.0/8" };
static char *const may_use[] = { "use" };
static char *const may_issue_revoke[] = { "revoke", "issue" };
static char *const may_read[] = { "read" };
static char *const may_manage[] = { "manage" };
/* User 1 is daemon, of group 1, on every Debian. */
static const struct access_rule rules[] = {
	{ .who = { .id = 4000033 },
	    .who_text = "unix:4000033",
	    .may = ACCESS_USE,
	    .may_words = { may_use, 1 },
	    .keys = { web_keys, 2 },
	    .line = 7 },
	{ .who = { WHO_CERTIFICATE, 0, "dns:ci.example" },
	    .who_text = "cert:dns:ci.example",
	    .may = ACCESS_ISSUE | ACCESS_REVOKE,
	    .may_words = { may_issue_revoke, 2 },
	    .issuers = { internal, 1 },
	    .profiles = { server, 1 },
	    .names = { names, 2 },
	    .line = 8 },
	{ .who = { WHO_GROUP, 1, NULL },
	    .who_text = "unix:group:1",
	    .may = ACCESS_READ,
	    .may_words = { may_read, 1 },
	    .line = 9 },
	{ .who = { WHO_TOKEN, 0, "deploy" },
	    .who_text = "token:deploy",
	    .may = ACCESS_MANAGE_KEY | ACCESS_MANAGE,
	    .may_words = { may_manage, 1 },
	    .keys = { web_keys, 2 },
	    .line = 10 },
};
#define RULES (sizeof(rules) / sizeof(rules[0]))

static const struct caller admin = { .actor = "uid:0", .admin = true };

#define ISSUING "who=cert:dns:ci.example&may=issue&issuer=internal&profile="

/* rule: its number; 0: none was needed, -1: it is refused. */
static const struct {
	const char *query;
	int rule;
} questions[] = {
	{ "who=unix:4000033&may=use&key=web", 1 },
	{ "who=unix:4000033&may=use&key=other", -1 },
	{ "who=unix:4000033&may=read", -1 },
	{ "who=unix:0&may=use&key=other", 0 },
	{ "who=unix:1&may=read", 3 },
	{ "who=unix:1&may=admin", -1 },
	{ "who=unix:group:1&may=read", 3 },
	{ "who=unix:group:0&may=read", -1 },
	{ ISSUING "server", 2 },
	{ ISSUING "client", -1 },
	{ ISSUING "intermediate", -1 },
	{ ISSUING "server&name=a.svc.example&name=ip:10.0.0.1", 2 },
	{ ISSUING "server&name=A.svc.example", 2 },
	{ ISSUING "server&name=a.svc.example&name=b.example", -1 },
	{ "who=cert:dns:ci.example&may=revoke&issuer=internal", 2 },
	{ "who=cert:dns:ci.example&may=revoke&issuer=root", -1 },
	{ "who=cert:dns:other.example&may=revoke&issuer=internal", -1 },
	{ "who=token:deploy&may=manage&key=api-1", 4 },
	{ "who=token:deploy&may=manage&key=other", -1 },
	{ "who=token:deploy&may=manage", -1 },
	{ "who=token:other&may=manage&key=api-1", -1 },
};

static void
decides_as_it_would_for_a_request(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		char target[256];
		const json_t *rule;
		int wanted = questions[i].rule;

		snprintf(
		    target, sizeof(target), "/v1/access/decision?%s", questions[i].query);
		assert_int_equal(get(f, target), 200);
		rule = json_object_get(f->json, "rule");
		if (json_is_true(json_object_get(f->json, "allowed")) != (wanted >= 0) ||
		    (wanted > 0) != (rule != NULL))
			fail_msg("%s: %s", questions[i].query, body_text(f));
		if (wanted > 0)
			assert_int_equal(
			    json_integer_value(json_object_get(rule, "number")), wanted);
		else
			assert_true(has_member(f, "why"));
	}
}

static void
says_which_groups_and_what_is_missing(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(get(f, "/v1/access/decision?who=unix:1&may=admin"), 200);
	assert_true(list_size(f, "groups") >= 1);
	assert_string_equal(member(f, "why"), "unix:1 lacks the right admin");
	get(f, "/v1/access/decision?" ISSUING "server&name=b.example");
	assert_string_equal(member(f, "why"),
	    "cert:dns:ci.example may not issue for dns:b.example from internal by "
	    "profile server");
}

static void
takes_a_key_by_its_hash(void **state)
{
	struct fixture *f = *state;
	char hash[HASH_SIZE], target[256];

	make_signer(f, "web", hash);
	snprintf(target, sizeof(target),
	    "/v1/access/decision?who=unix:4000033&may=use&key=spki:%s", hash);
	assert_int_equal(get(f, target), 200);
	assert_true(json_is_true(json_object_get(f->json, "allowed")));
	get(f, "/v1/access/decision?who=unix:4000033&may=use&key=spki:00");
	assert_problem(f, 400, "bad-request");
}

static void
refuses_questions_that_say_too_little_or_too_much(void **state)
{
	static const char *const wrong[] = { "", "?who=unix:0", "?may=use",
		"?who=unix:0&may=sign", "?who=unix:0&may=use", "?who=unix:0&may=revoke",
		"?who=unix:0&may=issue&issuer=a", "?who=unix:0&may=issue&profile=server",
		"?who=unix:0&may=read&key=web",
		"?who=unix:0&may=use&key=web&name=a.example",
		"?who=unix:no-such-user&may=read", "?who=root&may=read",
		"?who=unix:0&may=read&who=unix:1", "?who=unix:0&may=read&user=1",
		"?who=unix:0&may=issue&issuer=a&profile=b&name=ip:x",
		"?who=token:a%ff&may=read", "?who=cert:dns:%c3%a9&may=read",
		"?who=unix:4000033&may=use&key=%ff", "?who=unix:0&may=%ff",
		"?who=unix:4000033&may=use&key=a%7f",
		"?who=unix:4000033&may=revoke&issuer=%0a", "?" ISSUING "%ff",
		"?" ISSUING "server&name=%ff.example" };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char target[256];

		snprintf(target, sizeof(target), "/v1/access/decision%s", wrong[i]);
		if (get(f, target) != 400)
			fail_msg("%s: %s", wrong[i], body_text(f));
		assert_problem(f, 400, "bad-request");
	}
}

static void
shows_the_rules_to_admins(void **state)
{
	static const struct caller reader = { .actor = "uid:4", .uid = 4, .gid = 1 };
	struct fixture *f = *state;
	const json_t *rule;

	assert_int_equal(get(f, "/v1/access"), 200);
	assert_int_equal(list_size(f, "rules"), RULES);
	assert_string_equal(list_member(f, "rules", 1, "who"), "cert:dns:ci.example");
	rule = json_array_get(json_object_get(f->json, "rules"), 1);
	assert_int_equal(json_integer_value(json_object_get(rule, "number")), 2);
	assert_int_equal(json_integer_value(json_object_get(rule, "line")), 8);
	assert_null(json_object_get(rule, "keys"));
	assert_string_equal(
	    json_string_value(json_array_get(json_object_get(rule, "may"), 0)), "revoke");
	assert_int_equal(strlen(member(f, "loaded")), 20);
	assert_true(has_member(f, "sha256"));
	f->caller = reader;
	assert_int_equal(get(f, "/v1/access/decision?who=unix:0&may=admin"), 200);
	assert_int_equal(get(f, "/v1/access/decision?" ISSUING "server"), 200);
	rule = json_object_get(f->json, "rule");
	assert_int_equal(json_integer_value(json_object_get(rule, "number")), 2);
	assert_int_equal(json_integer_value(json_object_get(rule, "line")), 8);
	assert_int_equal(json_object_size(rule), 2);
	get(f, "/v1/access");
	assert_problem(f, 403, "forbidden");
	f->caller = (struct caller){ .actor = "uid:6", .uid = 6 };
	get(f, "/v1/access/decision?who=unix:0&may=admin");
	assert_problem(f, 403, "forbidden");
	f->caller = admin;
}

static bool
may_all(struct fixture *f, const char *who)
{
	char target[256];

	snprintf(target, sizeof(target), "/v1/access/decision?who=%s&may=admin", who);
	assert_int_equal(get(f, target), 200);
	return json_is_true(json_object_get(f->json, "allowed"));
}

/* As api_handle takes them with --dev. */
static void
makes_admins_of_users_alone_where_everyone_is(void **state)
{
	struct fixture *f = *state;

	f->api.everyone_is_admin = true;
	assert_true(may_all(f, "unix:4000033"));
	assert_true(may_all(f, "unix:group:1"));
	assert_false(may_all(f, "token:deploy"));
	assert_false(may_all(f, "cert:dns:ci.example"));
	f->api.everyone_is_admin = false;
}

static int
open_with_rules(void **state)
{
	if (fixture_open(state) != 0)
		return -1;
	fixture_rules(*state, rules, RULES);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decides_as_it_would_for_a_request),
		cmocka_unit_test(says_which_groups_and_what_is_missing),
		cmocka_unit_test(takes_a_key_by_its_hash),
		cmocka_unit_test(refuses_questions_that_say_too_little_or_too_much),
		cmocka_unit_test(shows_the_rules_to_admins),
		cmocka_unit_test(makes_admins_of_users_alone_where_everyone_is),
	};

	return cmocka_run_group_tests(tests, open_with_rules, fixture_close);
}
