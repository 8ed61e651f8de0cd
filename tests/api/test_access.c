/* test_access.c - who may do what by which rule. */
#include "api/access.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

static char *const web_keys[] = { "web", "api-*" };
static char *const all_keys[] = { "*" };
static char *const other_key[] = { "other" };
static char *const internal[] = { "internal", "team-*" };

/* docs/configuration.md's example, and a second rule for one user. */
static const struct access_rule rules[] = {
	{ false, 33, ACCESS_USE, "unix:www-data", web_keys, COUNT(web_keys), NULL, 0 },
	{ true, 100, ACCESS_USE | ACCESS_READ, "unix:group:proxies", all_keys,
	    COUNT(all_keys), NULL, 0 },
	{ true, 200, ACCESS_ADMIN, NULL, NULL, 0, NULL, 0 },
	{ false, 33, ACCESS_USE, "unix:33", other_key, COUNT(other_key), NULL, 0 },
	{ false, 44, ACCESS_READ, NULL, NULL, 0, NULL, 0 },
	{ false, 55, ACCESS_ISSUE, "unix:est", NULL, 0, internal, COUNT(internal) },
};
static const struct access_rules all = { rules, COUNT(rules) };

static const gid_t other_groups[] = { 7, 33, 44 };
static const gid_t proxies_last[] = { 7, 100 };
static const gid_t admins_first[] = { 200, 7 };

static const struct caller root = { .admin = true };
static const struct caller web = { .uid = 33, .gid = 33 };
static const struct caller reader = { .uid = 44, .gid = 44 };
static const struct caller est = { .uid = 55, .gid = 55 };
static const struct caller proxy = { .uid = 5, .gid = 100 };
static const struct caller second = {
	.uid = 5, .gid = 5, .groups = proxies_last, .group_count = 2
};
static const struct caller pki = {
	.uid = 6, .gid = 6, .groups = admins_first, .group_count = 2
};
/* Their group ids are users' ids of the rules, their user id a group's. */
static const struct caller stranger = {
	.uid = 100, .gid = 44, .groups = other_groups, .group_count = 3
};

#define NONE  (-1)
#define REFER (ACCESS_USE | ACCESS_READ)

/* rule: of the table above, NONE when refused, COUNT(rules) when none was needed. */
static const struct {
	const struct caller *caller;
	unsigned needed;
	const char *key;
	int rule;
} decisions[] = {
	{ &stranger, ACCESS_PUBLIC, NULL, COUNT(rules) },
	{ &root, ACCESS_ADMIN, NULL, COUNT(rules) },
	{ &root, ACCESS_USE, "web", COUNT(rules) },

	{ &web, ACCESS_USE, "web", 0 },
	{ &web, ACCESS_USE, "api-eu", 0 },
	{ &web, ACCESS_USE, "other", 3 },
	{ &web, ACCESS_USE, NULL, 0 },
	{ &web, ACCESS_USE, "web2", NONE },
	{ &web, ACCESS_USE, "", NONE },
	{ &web, REFER, "web", 0 },
	{ &web, REFER, "web2", NONE },
	{ &web, ACCESS_READ, NULL, NONE },
	{ &web, ACCESS_READ, "web", NONE },
	{ &web, ACCESS_ADMIN, NULL, NONE },
	{ &web, ACCESS_ADMIN, "web", NONE },

	{ &proxy, ACCESS_USE, "whatever", 1 },
	{ &proxy, ACCESS_READ, NULL, 1 },
	{ &proxy, ACCESS_ADMIN, NULL, NONE },
	{ &second, ACCESS_USE, "whatever", 1 },

	{ &reader, ACCESS_READ, NULL, 4 },
	{ &reader, REFER, "web", 4 },
	{ &reader, ACCESS_USE, "web", NONE },
	{ &reader, ACCESS_USE, NULL, NONE },
	{ &reader, ACCESS_ADMIN, NULL, NONE },

	{ &pki, ACCESS_ADMIN, NULL, 2 },
	{ &pki, ACCESS_READ, NULL, 2 },
	{ &pki, ACCESS_USE, "web", 2 },
	{ &pki, ACCESS_USE, NULL, 2 },

	{ &est, ACCESS_ISSUE, "internal", 5 },
	{ &est, ACCESS_ISSUE, "team-a", 5 },
	{ &est, ACCESS_ISSUE, NULL, 5 },
	{ &est, ACCESS_ISSUE | ACCESS_READ, "internal", 5 },
	{ &est, ACCESS_ISSUE, "root", NONE },
	{ &est, ACCESS_ISSUE | ACCESS_READ, "root", NONE },
	{ &est, ACCESS_USE, "internal", NONE },
	{ &est, ACCESS_READ, NULL, NONE },
	{ &est, ACCESS_ADMIN, NULL, NONE },
	{ &reader, ACCESS_ISSUE | ACCESS_READ, "root", 4 },
	{ &reader, ACCESS_ISSUE, "internal", NONE },
	{ &proxy, ACCESS_ISSUE, "whatever", NONE },
	{ &pki, ACCESS_ISSUE, "root", 2 },

	{ &stranger, ACCESS_USE, "web", NONE },
	{ &stranger, ACCESS_READ, NULL, NONE },
	{ &stranger, ACCESS_ADMIN, NULL, NONE },
};

static void
decides_by_the_first_rule_that_fits(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(decisions); i++) {
		int rule = decisions[i].rule;
		struct access_decision decision = access_decide(
		    &all, decisions[i].caller, decisions[i].needed, decisions[i].key);

		if (decision.allowed != (rule != NONE) ||
		    decision.rule !=
			(rule >= 0 && rule < (int)COUNT(rules) ? &rules[rule] : NULL))
			fail_msg("decision %zu", i);
	}
}

static void
without_rules_only_admins_may_do_anything(void **state)
{
	static const struct access_rules none = { 0 };

	(void)state;
	assert_true(access_decide(&none, &root, ACCESS_ADMIN, NULL).allowed);
	assert_true(access_decide(&none, &web, ACCESS_PUBLIC, NULL).allowed);
	assert_false(access_decide(&none, &web, ACCESS_USE, "web").allowed);
	assert_false(access_decide(&none, &web, ACCESS_READ, NULL).allowed);
	assert_false(access_decide(&none, &web, ACCESS_ADMIN, NULL).allowed);
}

/* By the first rule about the user, which is a name or a number; never by a group's. */
static void
says_who_lacks_what(void **state)
{
	static const struct caller nameless = { .uid = 100, .gid = 100 };
	static const struct access_rules none = { 0 };
	struct error err;

	(void)state;
	assert_int_equal(access_refuse(&all, &web, ACCESS_USE, "else", &err), -1);
	assert_int_equal(err.code, ERROR_FORBIDDEN);
	assert_string_equal(err.text, "unix:www-data may not use key else");
	/* Whatever the system calls user 33. */
	access_refuse(&none, &web, ACCESS_USE, "else", &err);
	assert_string_equal(err.text, "uid:33 may not use key else");
	access_refuse(&all, &nameless, REFER, "spki:00", &err);
	assert_string_equal(
	    err.text, "uid:100 may not use key spki:00, or there is none");
	access_refuse(&all, &reader, ACCESS_ADMIN, NULL, &err);
	assert_string_equal(err.text, "uid:44 lacks the right admin");
	access_refuse(&all, &est, ACCESS_ISSUE, "root", &err);
	assert_string_equal(
	    err.text, "unix:est may not issue from root, or there is none");
	access_refuse(&all, &reader, ACCESS_ISSUE, NULL, &err);
	assert_string_equal(err.text, "uid:44 lacks the right issue");
	access_refuse(&all, &nameless, ACCESS_READ, NULL, &err);
	assert_string_equal(err.text, "uid:100 lacks the right read");
	assert_int_equal(access_refuse(&all, &nameless, ACCESS_ADMIN, NULL, NULL), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decides_by_the_first_rule_that_fits),
		cmocka_unit_test(without_rules_only_admins_may_do_anything),
		cmocka_unit_test(says_who_lacks_what),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
